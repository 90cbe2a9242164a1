#include "storage/store.hpp"

#include "storage/events.hpp"
#include "storage/key.hpp"
#include "storage/log_check.hpp"
#include "storage/migrations/migrations.hpp"
#include "storage/numbers.hpp"
#include "storage/options.hpp"
#include "storage/slice.hpp"
#include "storage/small_records.hpp"
#include "storage/status.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace stagepost::storage {

namespace {

constexpr size_t own_block_cache_bytes = 64 << 20;

/// Keys of `meta` beside the marks of numbers. On disk: never change.
constexpr bytes_view schema_key = "schema";
constexpr bytes_view kind_key = "kind";
constexpr bytes_view shard_key = "shard";

result<uint64_t> read_mark(const store& in, bytes_view name) {
  rocksdb::PinnableSlice value;
  if (const auto found = in.get(family::meta, name, value, reach::disk); !found) return found.error();
  return decode_number(to_view(value));
}

} // namespace

result<std::unique_ptr<store>> store::open(store_kind kind, const std::string& folder,
                                           const store_options& wanted) {
  auto options = wanted;
  if (!options.env) options.env = rocksdb::Env::Default();
  if (!options.block_cache) options.block_cache = rocksdb::NewLRUCache(own_block_cache_bytes);
  std::unique_ptr<store> opened(new store);
  opened->kind_ = kind;
  opened->shard_ = options.shard;
  opened->folder_ = folder;
  if (const auto sound = check_before_open(options.env, kind, folder); !sound) return sound.error();
  if (const auto ready = opened->open_database(options); !ready) return ready.error();
  const auto schema = opened->schema();
  const bool created = !schema && schema.error().code == errc::not_found;
  if (!schema && !created) return schema.error();
  if (const auto ready = opened->prepare(created); !ready) return ready.error();
  return opened;
}

result<done> store::open_database(const store_options& options) {
  events_ = std::make_shared<events>();
  auto database = database_options(options);
  database.listeners.push_back(events_);
  const auto& families = families_of(kind_);
  std::vector<rocksdb::ColumnFamilyDescriptor> wanted;
  for (const auto f : families) wanted.emplace_back(std::string(name_of(f)), family_options(f, options));
  std::vector<rocksdb::ColumnFamilyHandle*> found;
  rocksdb::DB* opened = nullptr;
  const auto status = rocksdb::DB::Open(database, folder_, wanted, &found, &opened);
  if (!status.ok()) return to_failure(status);
  db_.reset(opened);
  handles_.assign(size_t(family::gateways) + 1, nullptr);
  for (size_t i = 0; i < families.size(); ++i) handles_[size_t(families[i])] = found[i];
  return done{};
}

result<done> store::prepare(bool created) {
  if (created) {
    // UIDVALIDITY begins with the time, so that a store made anew never repeats one of the store it replaces.
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    rocksdb::WriteBatch first;
    const auto put = [&](bytes_view name, uint64_t value) {
      first.Put(handle(family::meta), to_slice(name), encode_number(value)).PermitUncheckedError();
    };
    put(schema_key, schema_version);
    put(kind_key, uint64_t(kind_));
    put(shard_key, shard_);
    put("uid_validity", uint64_t(now.time_since_epoch().count()));
    if (const auto written = write(first, true); !written) return written.error();
  }
  const auto kind = read_mark(*this, kind_key);
  if (!kind) return kind.error();
  const auto shard = read_mark(*this, shard_key);
  if (!shard) return shard.error();
  if (*kind != uint64_t(kind_) || *shard != shard_)
    return failure<errc>{errc::damaged, folder_ + " is another store: kind " + std::to_string(*kind) +
                                            ", shard " + std::to_string(*shard)};
  if (const auto seeded = seed_numbers(); !seeded) return seeded.error(); // a migration may commit
  if (const auto moved = migrate(*this, all_migrations()); !moved) return moved.error();
  return kind_ == store_kind::shard ? seed_marks() : result<done>(done{});
}

store::~store() {
  if (!db_) return;
  for (auto* handle : handles_)
    if (handle) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  db_->Close().PermitUncheckedError();
}

result<uint64_t> store::schema() const { return read_mark(*this, schema_key); }

result<done> store::set_schema(uint64_t version) {
  rocksdb::WriteBatch mark;
  mark.Put(handle(family::meta), to_slice(schema_key), encode_number(version)).PermitUncheckedError();
  return write(mark, true);
}

rocksdb::ColumnFamilyHandle* store::handle(family f) const {
  auto* found = handles_[size_t(f)];
  // RocksDB takes "no family" for the default one: a mistake here would write mail into `meta`.
  if (!found) std::abort();
  return found;
}

result<done> store::get(family f, bytes_view key, rocksdb::PinnableSlice& value, storage::reach reach) const {
  return to_result(db_->Get(read_options(reach), handle(f), to_slice(key), &value));
}

result<done> store::scan(family f, bytes_view prefix, bytes_view from, storage::reach reach,
                         const std::function<bool(bytes_view key, bytes_view value)>& each) const {
  auto options = scan_options(f, reach);
  if (!options) return failure<errc>{errc::not_cached, {}};
  const auto end = after_prefix(prefix);
  const auto bound = to_slice(end);
  if (!end.empty()) options->iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(*options, handle(f)));
  for (at->Seek(to_slice(std::max(prefix, from))); at->Valid(); at->Next())
    if (!each(to_view(at->key()), to_view(at->value()))) break;
  return to_result(at->status());
}

result<done> store::scan_back(family f, bytes_view prefix, storage::reach reach,
                              const std::function<bool(bytes_view key, bytes_view value)>& each) const {
  auto options = scan_options(f, reach);
  if (!options) return failure<errc>{errc::not_cached, {}};
  const auto lower = to_slice(prefix);
  const auto end = after_prefix(prefix);
  const auto bound = to_slice(end);
  options->iterate_lower_bound = &lower;
  if (!end.empty()) options->iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(*options, handle(f)));
  for (at->SeekToLast(); at->Valid(); at->Prev())
    if (!each(to_view(at->key()), to_view(at->value()))) break;
  return to_result(at->status());
}

result<done> store::checkpoint(const std::string& folder) const {
  rocksdb::Checkpoint* made = nullptr;
  if (const auto status = rocksdb::Checkpoint::Create(db_.get(), &made); !status.ok())
    return to_failure(status);
  const std::unique_ptr<rocksdb::Checkpoint> point(made);
  return to_result(point->CreateCheckpoint(folder));
}

store_figures store::figures() const {
  store_figures out;
  const auto sum = [&](const std::string& name) {
    uint64_t value = 0;
    return db_->GetAggregatedIntProperty(name, &value) ? value : 0;
  };
  out.flushes = events_->flushes;
  out.commits = events_->commits;
  out.syncs = events_->syncs;
  out.compactions_running = events_->compactions_running;
  out.memtable_bytes = sum(rocksdb::DB::Properties::kCurSizeAllMemTables);
  out.files_bytes =
      sum(rocksdb::DB::Properties::kTotalSstFilesSize) + sum(rocksdb::DB::Properties::kTotalBlobFileSize);
  return out;
}

} // namespace stagepost::storage
