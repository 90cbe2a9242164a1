#include "storage/chunk.hpp"

#include "storage/checksum.hpp"

namespace stagepost::storage {

bytes chunk_head(bytes_view content) {
  bytes head;
  append_big_endian(head, checksum(content));
  return head;
}

result<bytes_view> open_chunk(bytes_view value) {
  if (value.size() < chunk_head_bytes) return failure<errc>{errc::damaged, "a piece of a body is cut off"};
  const auto content = value.substr(chunk_head_bytes);
  if (read_big_endian<uint64_t>(value) != checksum(content))
    return failure<errc>{errc::damaged, "the checksum of a piece of a body is wrong"};
  return content;
}

} // namespace stagepost::storage
