#include "storage/checksum.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace stagepost::storage {

uint64_t checksum(bytes_view in) { return XXH3_64bits(in.data(), in.size()); }

} // namespace stagepost::storage
