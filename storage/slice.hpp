#pragma once

#include "protocols/base/bytes.hpp"

#include <rocksdb/slice.h>

namespace stagepost::storage {

inline rocksdb::Slice to_slice(bytes_view in) { return {in.data(), in.size()}; }
inline bytes_view to_view(const rocksdb::Slice& in) { return {in.data(), in.size()}; }

} // namespace stagepost::storage
