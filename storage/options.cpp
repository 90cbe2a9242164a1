#include "storage/options.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include <algorithm>
#include <array>

namespace stagepost::storage {

namespace {

/// What the reads of a family look like.
enum class access : uint8_t { points, ranges };
/// How what is in a family goes: row by row, or whole ranges at once as well.
enum class removal : uint8_t { rows, ranges };

struct family_shape {
  family id;
  std::string_view name;
  access reads;
  removal goes = removal::rows;
};

constexpr std::array shapes{
    family_shape{family::meta, "default", access::ranges},
    family_shape{family::bodies, "bodies", access::points},
    family_shape{family::blobs, "blobs", access::points},
    family_shape{family::blob_refs, "blob_refs", access::ranges},
    family_shape{family::garbage, "garbage", access::ranges},
    family_shape{family::folders, "folders", access::ranges},
    family_shape{family::mailbox_state, "mailbox_state", access::points},
    family_shape{family::flags, "flags", access::ranges, removal::ranges},
    family_shape{family::messages, "messages", access::points},
    family_shape{family::changes, "changes", access::ranges, removal::ranges},
    family_shape{family::spool, "spool", access::points},
    family_shape{family::spool_recipients, "spool_recipients", access::ranges},
    family_shape{family::outbound_due, "outbound_due", access::ranges},
    family_shape{family::outbound_destinations, "outbound_destinations", access::ranges},
    family_shape{family::delivered, "delivered", access::points},
    family_shape{family::answered, "answered", access::ranges},
    family_shape{family::trace, "trace", access::ranges},
    family_shape{family::trace_ids, "trace_ids", access::ranges},
    family_shape{family::word_index, "word_index", access::ranges, removal::ranges},
    family_shape{family::annotations, "annotations", access::ranges, removal::ranges},
    family_shape{family::recoverable, "recoverable", access::ranges},
    family_shape{family::shares, "shares", access::ranges, removal::ranges},
    family_shape{family::domains, "domains", access::points},
    family_shape{family::domain_names, "domain_names", access::points},
    family_shape{family::accounts, "accounts", access::points},
    family_shape{family::account_names, "account_names", access::points},
    family_shape{family::credentials, "credentials", access::points},
    family_shape{family::aliases, "aliases", access::points},
    family_shape{family::settings, "settings", access::ranges},
    family_shape{family::secrets, "secrets", access::ranges},
    family_shape{family::statistics, "statistics", access::ranges, removal::ranges},
    family_shape{family::signing_keys, "signing_keys", access::ranges, removal::ranges},
    family_shape{family::sts_policies, "sts_policies", access::ranges},
    family_shape{family::tls_results, "tls_results", access::ranges, removal::ranges},
    family_shape{family::gateways, "gateways", access::ranges},
};

const family_shape& shape_of(family f) { return shapes.at(size_t(f)); }

bool has_lz4() {
  static const bool found = [] {
    const auto supported = rocksdb::GetSupportedCompressions();
    return std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
  }();
  return found;
}

} // namespace

const std::vector<family>& families_of(store_kind kind) {
  static const auto pick = [](family first, family last) {
    std::vector<family> out{family::meta};
    for (auto f = size_t(first); f <= size_t(last); ++f) out.push_back(family(f));
    return out;
  };
  static const auto shard = pick(family::bodies, family::shares);
  static const auto system = pick(family::domains, family::gateways);
  return kind == store_kind::shard ? shard : system;
}

std::string_view name_of(family f) { return shape_of(f).name; }

bool loses_ranges(family f) { return shape_of(f).goes == removal::ranges; }

rocksdb::DBOptions database_options(const store_options& options) {
  rocksdb::DBOptions out;
  if (options.env) out.env = options.env;
  out.write_buffer_manager = options.write_buffers;
  out.create_if_missing = true;
  out.create_missing_column_families = true;
  out.max_background_jobs = options.background_jobs;
  out.max_total_wal_size = options.wal_limit_bytes;
  // Logs are checked before (log_check.hpp), so what stops the replay here is the cut end of the last one.
  out.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  out.recycle_log_file_num = 0;            // a recycled log has old records after its end
  out.avoid_flush_during_recovery = false; // after a replay no log before the new one counts
  out.max_open_files = -1; // open tables keep index and filter at hand for reads that may not wait
  out.bytes_per_sync = 1 << 20;
  out.max_manifest_file_size = 64 << 20;
  out.keep_log_file_num = 4;
  out.max_log_file_size = 16 << 20;
  out.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  out.stats_dump_period_sec = 0;
  out.stats_persist_period_sec = 0;
  out.skip_stats_update_on_db_open = true;
  out.avoid_unnecessary_blocking_io = true;
  return out;
}

rocksdb::ColumnFamilyOptions family_options(family f, const store_options& options) {
  rocksdb::ColumnFamilyOptions out;
  const bool bodies = f == family::bodies;
  out.write_buffer_size = bodies ? options.memtable_bytes : options.memtable_bytes / 4;
  // Room for bursts: a commit that stalls makes every sender wait.
  out.max_write_buffer_number = options.memtables;
  out.level0_file_num_compaction_trigger = 4;
  out.level0_slowdown_writes_trigger = 32;
  out.level0_stop_writes_trigger = 64;
  out.target_file_size_base = std::max<uint64_t>(options.memtable_bytes / 4, 64 << 10);
  out.max_bytes_for_level_base = std::max<uint64_t>(options.memtable_bytes, 256 << 10) * 4;
  out.level_compaction_dynamic_level_bytes = true;
  out.compression = !bodies && has_lz4() ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = options.block_cache;
  table.cache_index_and_filter_blocks = true;
  table.metadata_cache_options.top_level_index_pinning = rocksdb::PinningTier::kAll;
  table.metadata_cache_options.unpartitioned_pinning = rocksdb::PinningTier::kAll;
  table.prepopulate_block_cache = rocksdb::BlockBasedTableOptions::PrepopulateBlockCache::kFlushOnly;
  table.format_version = 5;
  table.block_size = 8 << 10;
  if (shape_of(f).reads == access::points) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.whole_key_filtering = true;
  }
  // Families that are written and deleted in turn would be read through heaps of deleted keys.
  constexpr size_t window = 4096;
  out.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(window, window / 2));
  out.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

  if (bodies) {
    // Bodies are written once and never changed: compactions move their places only, not them.
    out.enable_blob_files = true;
    out.min_blob_size = options.blob_minimum_bytes;
    out.blob_file_size = std::max<uint64_t>(options.memtable_bytes * 4, 1 << 20);
    out.blob_compression_type = rocksdb::kNoCompression;
    out.blob_cache = options.block_cache;
    // New mail is read soon after it came, by a client that was told of it: what leaves the memtable stays at
    // hand.
    out.prepopulate_blob_cache = rocksdb::PrepopulateBlobCache::kFlushOnly;
    out.enable_blob_garbage_collection = true;
    out.blob_garbage_collection_age_cutoff = 0.5;
    out.blob_garbage_collection_force_threshold = 0.5;
  }
  return out;
}

rocksdb::ReadOptions read_options(reach how) {
  rocksdb::ReadOptions out;
  if (how == reach::cache) out.read_tier = rocksdb::kBlockCacheTier;
  return out;
}

// RocksDB 7.8 does not look at what a level says when it goes on in its next file and must look for deleted
// ranges, too (MergingIterator::SkipNextDeleted): with the first block of that file not in the cache a scan
// of the cache alone would leave the whole file out and say that all is well. So ranges are looked for only
// in families that have some, and what those hold is never taken from the cache alone.
std::optional<rocksdb::ReadOptions> scan_options(family f, reach how) {
  if (how == reach::cache && loses_ranges(f)) return std::nullopt;
  auto out = read_options(how);
  out.ignore_range_deletions = !loses_ranges(f);
  return out;
}

} // namespace stagepost::storage
