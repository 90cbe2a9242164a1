#include "protocols/base/text.hpp"

#include <algorithm>
#include <array>

namespace stagepost {

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii_lower(c);
  return out;
}

std::string ascii_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii_upper(c);
  return out;
}

bool ascii_iequals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

bool ascii_istarts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && ascii_iequals(text.substr(0, prefix.size()), prefix);
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return uint8_t(c) < 0x80; });
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view take_until(std::string_view& text, char separator) {
  const auto at = text.find(separator);
  const auto head = text.substr(0, at);
  text = at == text.npos ? std::string_view{} : text.substr(at + 1);
  return head;
}

bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = uint8_t(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || text.size() - i <= more) return false;
    // RFC 3629 4: overlong forms and surrogates differ in the second octet only.
    const auto second = uint8_t(text[i + 1]);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
        (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
      return false;
    for (size_t k = 1; k <= more; ++k)
      if ((uint8_t(text[i + k]) & 0xc0) != 0x80) return false;
    i += more + 1;
  }
  return true;
}

namespace {

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> base64_values = [] {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (size_t i = 0; i < base64_alphabet.size(); ++i) values[uint8_t(base64_alphabet[i])] = int8_t(i);
  return values;
}();

} // namespace

std::string base64_encode(bytes_view in) {
  std::string out;
  out.reserve((in.size() + 2) / 3 * 4);
  for (size_t i = 0; i < in.size(); i += 3) {
    const size_t have = std::min<size_t>(3, in.size() - i);
    uint32_t group = uint32_t(uint8_t(in[i])) << 16;
    if (have > 1) group |= uint32_t(uint8_t(in[i + 1])) << 8;
    if (have > 2) group |= uint32_t(uint8_t(in[i + 2]));
    out.push_back(base64_alphabet[group >> 18]);
    out.push_back(base64_alphabet[group >> 12 & 63]);
    out.push_back(have > 1 ? base64_alphabet[group >> 6 & 63] : '=');
    out.push_back(have > 2 ? base64_alphabet[group & 63] : '=');
  }
  return out;
}

std::optional<bytes> base64_decode(std::string_view in) {
  if (in.size() % 4 != 0) return std::nullopt;
  bytes out;
  out.reserve(in.size() / 4 * 3);
  for (size_t i = 0; i < in.size(); i += 4) {
    const bool last = i + 4 == in.size();
    const size_t padding = last && in[i + 3] == '=' ? (in[i + 2] == '=' ? 2 : 1) : 0;
    uint32_t group = 0;
    for (size_t k = 0; k < 4; ++k) {
      const int value = k >= 4 - padding ? 0 : base64_values[uint8_t(in[i + k])];
      if (value < 0) return std::nullopt;
      group = group << 6 | uint32_t(value);
    }
    if ((padding == 1 && (group & 0xff) != 0) || (padding == 2 && (group & 0xffff) != 0)) return std::nullopt;
    out.push_back(char(group >> 16));
    if (padding < 2) out.push_back(char(group >> 8));
    if (padding < 1) out.push_back(char(group));
  }
  return out;
}

std::string to_hex(bytes_view in) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(in.size() * 2);
  for (const char c : in) {
    out.push_back(digits[uint8_t(c) >> 4]);
    out.push_back(digits[uint8_t(c) & 15]);
  }
  return out;
}

std::string printable(bytes_view in, size_t limit) {
  std::string out;
  for (const char c : in.substr(0, limit)) {
    if (uint8_t(c) >= 0x20 && uint8_t(c) < 0x7f && c != '\\')
      out.push_back(c);
    else
      out += "\\x" + to_hex(bytes_view(&c, 1));
  }
  if (in.size() > limit) out += "...";
  return out;
}

} // namespace stagepost
