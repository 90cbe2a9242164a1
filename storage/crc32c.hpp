#pragma once

#include "protocols/base/bytes.hpp"

#include <cstdint>

namespace stagepost::storage {

/// The Castagnoli checksum (RFC 3720 B.4), as RocksDB's logs have it. `from` continues an earlier one.
uint32_t crc32c(bytes_view in, uint32_t from = 0);

} // namespace stagepost::storage
