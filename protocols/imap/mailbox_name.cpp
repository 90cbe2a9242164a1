#include "protocols/imap/mailbox_name.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/namespaces.hpp"

#include <cstdint>
#include <vector>

namespace stagepost::imap {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

bool is_printable(uint32_t c) { return c >= 0x20 && c <= 0x7e; }

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += char(c);
  } else if (c < 0x800) {
    out += char(0xc0 | c >> 6);
    out += char(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += char(0xe0 | c >> 12);
    out += char(0x80 | (c >> 6 & 0x3f));
    out += char(0x80 | (c & 0x3f));
  } else {
    out += char(0xf0 | c >> 18);
    out += char(0x80 | (c >> 12 & 0x3f));
    out += char(0x80 | (c >> 6 & 0x3f));
    out += char(0x80 | (c & 0x3f));
  }
}

/// Takes one character off the front; U+FFFD and one octet for what is malformed.
uint32_t take_utf8(std::string_view& in) {
  for (size_t size = 1; size <= 4 && size <= in.size(); ++size) {
    if (!is_utf8(in.substr(0, size))) continue;
    static constexpr uint8_t lead_mask[] = {0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = uint8_t(in[0]) & lead_mask[size - 1];
    for (size_t i = 1; i < size; ++i) c = c << 6 | (uint8_t(in[i]) & 0x3f);
    in.remove_prefix(size);
    return c;
  }
  in.remove_prefix(1);
  return 0xfffd;
}

/// The UTF-16 units between "&" and "-" as UTF-8. False when malformed.
bool decode_shift(std::string_view base64, std::string& out) {
  uint32_t bits = 0;
  unsigned held = 0;
  uint32_t high = 0; // of a surrogate pair
  for (const char digit : base64) {
    const size_t value = alphabet.find(digit);
    if (value == alphabet.npos) return false;
    bits = bits << 6 | uint32_t(value);
    held += 6;
    if (held < 16) continue;
    held -= 16;
    const uint32_t unit = bits >> held & 0xffff;
    bits &= (1u << held) - 1;
    if (high) {
      if (unit < 0xdc00 || unit > 0xdfff) return false;
      append_utf8(out, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
      high = 0;
    } else if (unit >= 0xd800 && unit <= 0xdbff) {
      high = unit;
    } else {
      if (is_printable(unit) || unit < 0x20 || unit == 0x7f) return false;
      if (unit >= 0xdc00 && unit <= 0xdfff) return false;
      append_utf8(out, unit);
    }
  }
  // What is left over is padding: fewer than six bits, all zero.
  return !high && held < 6 && bits == 0;
}

void append_unit(uint32_t unit, uint32_t& bits, unsigned& held, std::string& out) {
  bits = bits << 16 | unit;
  held += 16;
  while (held >= 6) {
    held -= 6;
    out += alphabet[bits >> held & 0x3f];
  }
  bits &= (1u << held) - 1;
}

std::string_view first_level(std::string_view name, char separator) {
  return name.substr(0, name.find(separator));
}

/// The classic walk over two positions with a set of states, one row per octet of the name: no backtracking.
bool matches(std::string_view name, std::string_view pattern, char separator) {
  std::vector<char> row(pattern.size() + 1, 0), next(pattern.size() + 1, 0);
  const auto close_over = [&](std::vector<char>& states) {
    // A wildcard may stand for nothing.
    for (size_t i = 0; i < pattern.size(); ++i)
      if (states[i] && (pattern[i] == '*' || pattern[i] == '%')) states[i + 1] = 1;
  };
  row[0] = 1;
  close_over(row);
  for (const char c : name) {
    bool any = false;
    std::fill(next.begin(), next.end(), 0);
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (!row[i]) continue;
      if (pattern[i] == '*' || (pattern[i] == '%' && c != separator))
        next[i] = 1, any = true;
      else if (pattern[i] == c && pattern[i] != '%')
        next[i + 1] = 1, any = true;
    }
    if (!any) return false;
    close_over(next);
    row.swap(next);
  }
  return row[pattern.size()] != 0;
}

} // namespace

std::optional<std::string> decode_modified_utf7(std::string_view wire) {
  std::string out;
  bool after_shift = false;
  while (!wire.empty()) {
    const char c = wire.front();
    if (!is_printable(uint8_t(c))) return std::nullopt;
    if (c != '&') {
      out += c;
      wire.remove_prefix(1);
      after_shift = false;
      continue;
    }
    const size_t end = wire.find('-');
    if (end == wire.npos) return std::nullopt;
    if (end == 1) {
      out += '&';
      after_shift = false;
    } else {
      if (after_shift || !decode_shift(wire.substr(1, end - 1), out)) return std::nullopt;
      after_shift = true;
    }
    wire.remove_prefix(end + 1);
  }
  return out;
}

std::string encode_modified_utf7(std::string_view utf8) {
  std::string out;
  uint32_t bits = 0;
  unsigned held = 0;
  bool shifted = false;
  const auto end_shift = [&] {
    if (!shifted) return;
    if (held) out += alphabet[bits << (6 - held) & 0x3f];
    out += '-';
    bits = held = 0;
    shifted = false;
  };
  while (!utf8.empty()) {
    const uint32_t c = take_utf8(utf8);
    if (is_printable(c)) {
      end_shift();
      out += char(c);
      if (c == '&') out += '-';
      continue;
    }
    if (!shifted) out += '&';
    shifted = true;
    if (c >= 0x10000) {
      append_unit(0xd800 + ((c - 0x10000) >> 10), bits, held, out);
      append_unit(0xdc00 + ((c - 0x10000) & 0x3ff), bits, held, out);
    } else {
      append_unit(c, bits, held, out);
    }
  }
  end_shift();
  return out;
}

std::string canonical_name(std::string_view name, char separator) {
  // Also as a user's below those of others.
  if (const auto foreign = split_foreign(name, separator); foreign && !foreign->inner.empty()) {
    const size_t above = name.size() - foreign->inner.size();
    return std::string(name.substr(0, above)) + canonical_name(foreign->inner, separator);
  }
  const std::string_view first = first_level(name, separator);
  if (!ascii_iequals(first, "INBOX")) return std::string(name);
  return "INBOX" + std::string(name.substr(first.size()));
}

bool is_creatable_name(std::string_view name, char separator) {
  if (name.empty() || name.size() > max_name_octets || !is_utf8(name)) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const uint8_t c = uint8_t(name[i]);
    if (c < 0x20 || c == 0x7f || c == '*' || c == '%') return false;
    // C1 control characters, U+0080 to U+009F.
    if (c == 0xc2 && i + 1 < name.size() && uint8_t(name[i + 1]) < 0xa0) return false;
  }
  size_t levels = 0;
  for (size_t at = 0; at <= name.size(); ++levels) {
    const size_t end = std::min(name.find(separator, at), name.size());
    if (end == at || end - at > max_level_octets) return false;
    at = end + 1;
  }
  return levels <= max_levels;
}

bool matches_pattern(std::string_view name, std::string_view pattern, char separator) {
  if (pattern.size() > max_name_octets) return false;
  if (name == "INBOX") return matches(name, ascii_upper(pattern), separator);
  return matches(name, canonical_name(pattern, separator), separator);
}

} // namespace stagepost::imap
