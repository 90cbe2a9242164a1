#pragma once

#include "storage/store.hpp"

#include <rocksdb/options.h>

#include <optional>
#include <string_view>
#include <vector>

namespace stagepost::storage {

/// The families of a kind of store. `meta` is first: it is RocksDB's default family, which must exist.
const std::vector<family>& families_of(store_kind kind);

/// The name of the column family on disk.
std::string_view name_of(family f);
/// Whether whole ranges of it are deleted at once (batch_access::remove_range); of no other family they may
/// be.
bool loses_ranges(family f);

rocksdb::DBOptions database_options(const store_options& options);
rocksdb::ColumnFamilyOptions family_options(family f, const store_options& options);

/// For the value of one key.
rocksdb::ReadOptions read_options(reach how);
/// For an iterator. Nothing: the cache alone is not to be believed about this family, which is as if it were
/// not cached.
std::optional<rocksdb::ReadOptions> scan_options(family f, reach how);

} // namespace stagepost::storage
