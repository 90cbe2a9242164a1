#pragma once

#include "protocols/base/bytes.hpp"

#include <cstdint>

namespace stagepost::storage {

/// XXH3, 64 bits: the checksum of stored bodies and the hash of names in keys. On disk: never change.
uint64_t checksum(bytes_view in);

} // namespace stagepost::storage
