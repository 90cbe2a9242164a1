#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stagepost {

/// Octets as they came from the wire or the disk; no character set is implied.
using bytes = std::string;
using bytes_view = std::string_view;

/// Appends `value` in big-endian order, so that byte-wise comparison of keys equals comparison of numbers.
template <class Unsigned>
void append_big_endian(bytes& out, Unsigned value) {
  for (int shift = int(sizeof(Unsigned) - 1) * 8; shift >= 0; shift -= 8)
    out.push_back(char(uint8_t(value >> shift)));
}

/// Reads a big-endian number from the first `sizeof(Unsigned)` octets of `in`, which must have that many.
template <class Unsigned>
Unsigned read_big_endian(bytes_view in) {
  Unsigned value = 0;
  for (size_t i = 0; i < sizeof(Unsigned); ++i) value = Unsigned(value << 8) | Unsigned(uint8_t(in[i]));
  return value;
}

/// Appends `value` as LEB128: seven bits an octet, least significant first.
void append_varint(bytes& out, uint64_t value);

/// Takes a LEB128 number off the front of `in`. False, with `in` unchanged, when it is cut off or longer than
/// 64 bits.
bool take_varint(bytes_view& in, uint64_t& value);

/// Appends the length of `text` as a varint, then `text`.
void append_counted(bytes& out, bytes_view text);

/// Takes what append_counted wrote. The view points into the input. False when it is cut off.
bool take_counted(bytes_view& in, bytes_view& text);

} // namespace stagepost
