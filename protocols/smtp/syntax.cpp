#include "protocols/smtp/syntax.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace stagepost::smtp {

namespace {

constexpr size_t max_label_octets = 63;
constexpr size_t max_domain_octets = 255; // RFC 5321 4.5.3.1.2

bool is_above_ascii(char c) { return uint8_t(c) >= 0x80; }

bool is_label(std::string_view text) {
  return !text.empty() && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-' || c == '_' || is_above_ascii(c);
         });
}

std::optional<uint8_t> hex_digit(char c) {
  if (is_ascii_digit(c)) return uint8_t(c - '0');
  if (c >= 'A' && c <= 'F') return uint8_t(c - 'A' + 10);
  if (c >= 'a' && c <= 'f') return uint8_t(c - 'a' + 10); // not allowed, but sent
  return std::nullopt;
}

bool is_address(int family, std::string_view text) {
  if (text.empty() || text.size() > 45) return false;
  unsigned char address[16];
  return inet_pton(family, std::string(text).c_str(), address) == 1;
}

} // namespace

bool is_dot_string(std::string_view text) {
  bool atom_begins = true;
  for (const char c : text) {
    if (c == '.' ? atom_begins : !is_atext(c) && !is_above_ascii(c)) return false;
    atom_begins = c == '.';
  }
  return !atom_begins;
}

bool is_domain_name(std::string_view text) {
  if (text.empty() || text.size() > max_domain_octets || text.back() == '.') return false;
  while (!text.empty()) {
    const auto label = take_until(text, '.');
    // A label in UTF-8 is measured as it will be on the wire, by canonical_domain.
    if (!is_label(label) || (label.size() > max_label_octets && is_ascii(label))) return false;
  }
  return true;
}

bool is_address_literal(std::string_view text) {
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') return false;
  text = text.substr(1, text.size() - 2);
  if (text.find('\0') != text.npos) return false;
  if (ascii_istarts_with(text, "IPv6:")) return is_address(AF_INET6, text.substr(5));
  return is_address(AF_INET, text);
}

std::optional<std::string> decode_xtext(std::string_view text, bool utf8) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '+') {
      out.push_back(text[i]);
      continue;
    }
    const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
    if (!high || !low) return std::nullopt;
    out.push_back(char(*high << 4 | *low));
    i += 2;
  }
  for (const char c : out)
    if (uint8_t(c) < 0x20 || c == 0x7f || (!utf8 && is_above_ascii(c))) return std::nullopt;
  if (utf8 && !is_utf8(out)) return std::nullopt;
  return out;
}

} // namespace stagepost::smtp
