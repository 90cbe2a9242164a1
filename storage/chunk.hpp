#pragma once

#include "storage/errc.hpp"

#include "protocols/base/bytes.hpp"

namespace stagepost::storage {

/// A value of `bodies` is the checksum of the piece in eight octets, then the piece.
inline constexpr size_t chunk_head_bytes = 8;

bytes chunk_head(bytes_view content);

/// The piece in a value, its checksum proved. It points into `value`.
result<bytes_view> open_chunk(bytes_view value);

} // namespace stagepost::storage
