#pragma once

#include "storage/store.hpp"
#include "storage/verify.hpp"

#include <rocksdb/db.h>

#include <memory>
#include <optional>
#include <string>

namespace stagepost::storage {

/// A store as it was at one moment, and what was found wrong with it so far.
class verify_view {
public:
  verify_view(const store& shard, const verify_options& options);
  ~verify_view();
  verify_view(const verify_view&) = delete;
  verify_view& operator=(const verify_view&) = delete;

  verify_report report;

  const verify_options& options() const { return options_; }
  void find(family f, uint64_t number, std::string what);
  void find(family f, uint64_t number, const failure<errc>& error) { find(f, number, error.detail); }

  /// The value, or nothing; a read error stops the look (`broken`).
  std::optional<bytes> get(family f, bytes_view key);
  bool has(family f, bytes_view key) { return get(f, key).has_value(); }

  /// Goes through the keys that begin with a prefix, or from one key to before another. Where the table is
  /// damaged it ends, with a finding.
  class cursor {
  public:
    cursor(verify_view& view, family f, bytes prefix);
    cursor(verify_view& view, family f, bytes from, bytes end);
    bool valid() const { return at_->Valid() && !view_.broken(); }
    bytes_view key() const { return {at_->key().data(), at_->key().size()}; }
    bytes_view value() const { return {at_->value().data(), at_->value().size()}; }
    void next() {
      at_->Next();
      settle();
    }

  private:
    void settle();
    verify_view& view_;
    family family_;
    bytes end_;
    rocksdb::Slice bound_;
    std::unique_ptr<rocksdb::Iterator> at_;
  };

  /// Why the store was not read to the end.
  const std::optional<failure<errc>>& broken() const { return broken_; }

private:
  rocksdb::ReadOptions read_options() const;
  /// Breaks the look off when somebody asked for it.
  bool is_stopped();

  const store& shard_;
  verify_options options_;
  const rocksdb::Snapshot* moment_;
  std::optional<failure<errc>> broken_;
};

/// The parts of `verify`.
void verify_bodies(verify_view& view);
void verify_references(verify_view& view);
void verify_mailboxes(verify_view& view);
void verify_annotations(verify_view& view);
void verify_recoverable(verify_view& view);
void verify_word_index(verify_view& view);
void verify_statistics(verify_view& view);
void verify_shares(verify_view& view);
void verify_spool(verify_view& view);

/// Whether a message that is not in its folder can still be brought back, with this body.
bool is_recoverable(verify_view& view, mailbox_id folder, uid id, blob_id body);

} // namespace stagepost::storage
