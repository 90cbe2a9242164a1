#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"
#include "storage/errc.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace rocksdb {
class DB;
class Env;
class WriteBatch;
class Cache;
class WriteBufferManager;
class ColumnFamilyHandle;
class PinnableSlice;
} // namespace rocksdb

namespace stagepost::storage {

class batch;

/// What a store is opened for: the mail of a shard, or the directory and the settings.
enum class store_kind : uint8_t { shard, system };

/// A column family; the table in storage/README.md says what is in each.
enum class family : uint8_t {
  meta,
  // shard
  bodies,
  blobs,
  blob_refs,
  garbage,
  folders,
  mailbox_state,
  flags,
  messages,
  changes,
  spool,
  spool_recipients,
  outbound_due,
  outbound_destinations,
  delivered,
  answered,
  trace,
  trace_ids,
  word_index,
  annotations,
  recoverable,
  shares,
  // system
  domains,
  domain_names,
  accounts,
  account_names,
  credentials,
  aliases,
  settings,
  secrets,
  statistics,
  signing_keys,
  sts_policies,
  tls_results,
  gateways,
};

struct store_options {
  int memtables = 4;                           ///< of each family, before writers must wait
  uint64_t memtable_bytes = 64ull << 20;       ///< of the family with the bodies; the others get a quarter
  uint64_t wal_limit_bytes = 512ull << 20;     ///< all logs together; beyond it memtables are flushed
  uint64_t blob_minimum_bytes = 1024;          ///< bodies from this size live in blob files
  std::shared_ptr<rocksdb::Cache> block_cache; ///< shared by all stores; made on its own when empty
  /// Counts the memtables of all stores that share it, in the cache it was made with; may be empty.
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers;
  rocksdb::Env* env = nullptr; ///< for tests that cut the power; the default one otherwise
  int background_jobs = 2;
  uint8_t shard = 0; ///< number of this shard
};

/// Figures for the metrics.
struct store_figures {
  uint64_t flushes = 0; ///< memtables written out since open
  uint64_t compactions_running = 0;
  uint64_t memtable_bytes = 0;
  uint64_t files_bytes = 0;
  uint64_t commits = 0; ///< batches made durable since open
  uint64_t syncs = 0;
};

/// One RocksDB with our column families. Reads may come from any thread; writes come from one thread only,
/// the committer's, by `commit` and `collect`.
class store {
public:
  /// Opens or creates it, locks it, applies migrations after a checkpoint beside it. A damaged log in the
  /// middle stops the opening (errc::damaged) instead of dropping what came after it; a log cut at its end is
  /// what a power cut leaves and is fine.
  static result<std::unique_ptr<store>> open(store_kind kind, const std::string& folder,
                                             const store_options& options);
  ~store();
  store(const store&) = delete;
  store& operator=(const store&) = delete;

  /// Makes the batches durable in order, with one sync of the log for all. The answer has a result for each:
  /// a batch whose required body is gone fails alone; when the disk fails, all fail and the store refuses to
  /// commit until `resume` succeeds.
  std::vector<result<done>> commit(std::span<batch* const> batches);

  /// Tries to leave the failed state after the disk was full.
  result<done> resume();
  bool failed() const;

  /// Removes up to `limit` bodies that nobody refers to. Answers how many marks it looked at: zero means all
  /// clean.
  result<size_t> collect(size_t limit);

  /// Reads one value into `value`; a copy is not made.
  result<done> get(family f, bytes_view key, rocksdb::PinnableSlice& value, storage::reach reach) const;

  /// Calls `each` with key and value in key order for keys that begin with `prefix` and are not below `from`,
  /// until it answers false. With reach::cache it may stop with errc::not_cached at any point.
  result<done> scan(family f, bytes_view prefix, bytes_view from, storage::reach reach,
                    const std::function<bool(bytes_view key, bytes_view value)>& each) const;
  /// As scan, backwards from the end of the prefix.
  result<done> scan_back(family f, bytes_view prefix, storage::reach reach,
                         const std::function<bool(bytes_view key, bytes_view value)>& each) const;

  /// A body number never given before in this process nor found in the store. Any thread.
  blob_id next_blob();
  /// A mailbox number; durable once a batch that uses it is (never given twice, also over crashes). Any
  /// thread.
  mailbox_id next_mailbox();
  /// The next UIDVALIDITY of this store: grows with every folder made. Any thread.
  stagepost::uid_validity next_uid_validity();
  /// A queue number: milliseconds since 2020 in 42 bits, shard in 8, a running number in 14; greater than
  /// every one found in the store whatever the clock says. Any thread.
  stagepost::queue_id next_queue_id(instant now);

  /// Numbers for the directory (the system store). Durable as mailbox numbers are. Any thread.
  domain_id next_domain();
  account_id next_account();

  /// A copy of the whole store that shares its files (hard links) at `folder`, consistent, while it runs.
  result<done> checkpoint(const std::string& folder) const;

  store_figures figures() const;
  uint8_t shard() const { return shard_; }
  store_kind kind() const { return kind_; }
  const std::string& folder() const { return folder_; }

  /// The family must be one of this kind of store.
  rocksdb::ColumnFamilyHandle* handle(family f) const;
  rocksdb::DB& db() const { return *db_; }

  /// The layout on disk that this release writes. Moved on by a migration only.
  static constexpr uint64_t schema_version = 2;
  /// The layout of the open store, and its mark moved on after a migration (storage/migrations).
  result<uint64_t> schema() const;
  result<done> set_schema(uint64_t version);

private:
  store() = default;
  struct events;
  struct numbers;
  result<done> open_database(const store_options& options);
  result<done> prepare(bool created);
  result<done> seed_numbers();
  result<done> seed_marks();
  result<done> check_required(const batch& b, const std::set<blob_id>& whole) const;
  result<done> remove_unreferred(const std::vector<blob_id>& marked);
  result<done> write(rocksdb::WriteBatch& writes, bool sync);
  store_kind kind_{};
  uint8_t shard_ = 0;
  std::string folder_;
  std::shared_ptr<events> events_;
  std::unique_ptr<numbers> numbers_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  /// What stands in `garbage`: committer's thread only. The family itself is read at open only: it is made of
  /// deleted keys mostly, and to step over them would take longer each time.
  std::set<blob_id> marked_;
  std::set<blob_id>
      staging_; ///< committer's thread only: bodies that are arriving; collect leaves them alone
  std::atomic<bool> failed_ = false;
  failure<errc> failed_with_{errc::io_error, {}}; ///< committer's thread only
};

} // namespace stagepost::storage
