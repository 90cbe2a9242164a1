#pragma once

#include "protocols/base/mailbox_page.hpp"
#include "storage/batch.hpp"
#include "storage/blobs.hpp"
#include "storage/mailboxes.hpp"
#include "storage/store.hpp"

#include <map>
#include <random>
#include <vector>

namespace stagepost::storage {

/// What one mailbox holds, in memory and as the store must show it.
struct model_mailbox {
  mailbox_counters counters;
  std::map<uint32_t, message_entry> entries;
  std::map<uint32_t, bytes> contents;
  std::map<uint32_t, blob_id> bodies;

  bool operator==(const model_mailbox& other) const {
    return entries == other.entries && contents == other.contents &&
           counters.uid_next == other.counters.uid_next;
  }
};

/// All mailboxes of a store. A change makes a batch and the state it leads to.
class crash_model {
public:
  using state = std::map<uint64_t, model_mailbox>;

  crash_model(store& in, std::mt19937_64& random) : store_(&in), random_(&random) {}

  const state& now() const { return state_; }
  void become(state there, store& in) {
    state_ = std::move(there);
    store_ = &in;
  }

  /// Makes the folders; committed by the caller.
  batch make_folders(size_t count);
  /// A random change of a random mailbox: deliver, copy, set flags or expunge.
  batch change();
  /// The first pieces of a body that never becomes whole.
  batch begin_body();

  /// What a store holds.
  static result<state> read(const store& in, const state& like);

private:
  size_t up_to(size_t most) { return std::uniform_int_distribution<size_t>(0, most)(*random_); }
  bytes make_content();
  void add(batch& b, uint64_t box, blob_id body, const bytes& content);
  void write_page(batch& b, uint64_t box, uint32_t number);
  void deliver(batch& b, uint64_t box);
  void copy(batch& b, uint64_t box);
  void set_flags(batch& b, uint64_t box);
  void expunge(batch& b, uint64_t box);
  uint64_t any_box();

  store* store_;
  std::mt19937_64* random_;
  state state_;
};

} // namespace stagepost::storage
