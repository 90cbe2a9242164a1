#include "protocols/search/character_reference.hpp"

#include "protocols/base/text.hpp"

namespace stagepost::search {

void append_code_point(std::string& out, uint32_t point) {
  if (point < 0x80) {
    out += char(point);
  } else if (point < 0x800) {
    out += char(0xc0 | point >> 6);
    out += char(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    out += char(0xe0 | point >> 12);
    out += char(0x80 | (point >> 6 & 0x3f));
    out += char(0x80 | (point & 0x3f));
  } else {
    out += char(0xf0 | point >> 18);
    out += char(0x80 | (point >> 12 & 0x3f));
    out += char(0x80 | (point >> 6 & 0x3f));
    out += char(0x80 | (point & 0x3f));
  }
}

std::optional<uint32_t> numbered_point(std::string_view digits) {
  const bool hex = !digits.empty() && ascii_lower(digits.front()) == 'x';
  if (hex) digits.remove_prefix(1);
  if (digits.empty() || digits.size() > 8) return std::nullopt;
  uint64_t point = 0;
  for (const char c : digits) {
    const char lower = ascii_lower(c);
    if (is_ascii_digit(c))
      point = point * (hex ? 16 : 10) + uint64_t(c - '0');
    else if (hex && lower >= 'a' && lower <= 'f')
      point = point * 16 + uint64_t(lower - 'a' + 10);
    else
      return std::nullopt;
  }
  if (point == 0 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return 0xfffd;
  return uint32_t(point);
}

} // namespace stagepost::search
