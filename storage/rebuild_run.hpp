#pragma once

#include "storage/batch.hpp"
#include "storage/rebuild.hpp"
#include "storage/records.hpp"
#include "storage/store.hpp"

#include <rocksdb/iterator.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stagepost::storage {

/// A rebuild under way: what all its parts read, write and tell by. After a read or a write has failed
/// (`broken`) everything reads as absent and nothing more is written.
class rebuild_run {
public:
  rebuild_run(store& shard, const rebuild_options& options) : shard(shard), options(options), writes(shard) {}

  store& shard;
  const rebuild_options& options;
  rebuild_report report;
  batch writes;
  std::optional<failure<errc>> broken;
  /// Whose the folders are, by number of the folder.
  std::vector<std::pair<mailbox_id, account_id>> owners;

  std::optional<account_id> owner_of(mailbox_id folder) const;
  bool concerns(account_id account) const { return !options.account || *options.account == account; }
  void note(std::string what);

  /// The value; nothing when it is not there, or its block is damaged.
  std::optional<bytes> get(family f, bytes_view key);
  bool has(family f, bytes_view key) { return get(f, key).has_value(); }

  /// Goes through the keys that begin with a prefix, as they are now.
  class cursor {
  public:
    cursor(rebuild_run& run, family f, bytes prefix, bytes_view from = {});
    cursor(const cursor&) = delete;
    cursor& operator=(const cursor&) = delete;
    bool valid();
    bytes_view key() const { return {at_->key().data(), at_->key().size()}; }
    bytes_view value() const { return {at_->value().data(), at_->value().size()}; }
    void next() { at_->Next(); }
    void to_last();

  private:
    rebuild_run& run_;
    bytes end_;
    rocksdb::Slice bound_;
    std::unique_ptr<rocksdb::Iterator> at_;
  };

  /// Writes out what has gathered, or only when it is much.
  void flush();
  void make_room();

  /// Lost: not even its first piece is there.
  enum class body_state : uint8_t { there, unreadable, lost };
  /// Makes the record of a body again from its pieces if it is lost.
  body_state ensure_body(blob_id body);
  /// Likewise the reference by which a message keeps its body, unless that is lost.
  body_state ensure_reference(blob_id body, mailbox_id folder, uid id);
  /// Whether the message was expunged and can be brought back.
  bool is_kept(mailbox_id folder, uid id, blob_id body);
};

/// Finds whose each folder is, and mends the records of folders.
void rebuild_folder_records(rebuild_run& run);
/// Makes the records of messages that only the references of their bodies tell of, and the references of
/// messages that can be brought back.
void rebuild_messages(rebuild_run& run);
/// Makes pages, counters and log of a folder agree with its messages.
void rebuild_contents(rebuild_run& run, account_id account, mailbox_id folder);

} // namespace stagepost::storage
