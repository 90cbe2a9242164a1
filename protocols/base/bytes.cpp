#include "protocols/base/bytes.hpp"

namespace stagepost {

void append_varint(bytes& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(char(uint8_t(value) | 0x80));
    value >>= 7;
  }
  out.push_back(char(uint8_t(value)));
}

bool take_varint(bytes_view& in, uint64_t& value) {
  uint64_t read = 0;
  for (size_t i = 0; i < in.size() && i < 10; ++i) {
    const auto octet = uint8_t(in[i]);
    if (i == 9 && octet > 1) return false; // the tenth octet holds the 64th bit only
    read |= uint64_t(octet & 0x7f) << (7 * i);
    if (octet < 0x80) {
      in.remove_prefix(i + 1);
      value = read;
      return true;
    }
  }
  return false;
}

void append_counted(bytes& out, bytes_view text) {
  append_varint(out, text.size());
  out.append(text);
}

bool take_counted(bytes_view& in, bytes_view& text) {
  auto rest = in;
  uint64_t size = 0;
  if (!take_varint(rest, size) || size > rest.size()) return false;
  text = rest.substr(0, size);
  in = rest.substr(size);
  return true;
}

} // namespace stagepost
