#pragma once

#include "storage/store.hpp"

namespace stagepost::storage {

/// Looks at a store before RocksDB does: nobody else has it open, we know all its families, and its logs have
/// lost nothing but perhaps their end. RocksDB by itself either drops all that stands after damage in a log
/// without a word, or refuses a log that a power cut left with a torn end; we want the one but not the other.
/// Nothing to say about a folder without a store.
result<done> check_before_open(rocksdb::Env* env, store_kind kind, const std::string& folder);

} // namespace stagepost::storage
