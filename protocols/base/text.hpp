#pragma once

#include "protocols/base/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost {

/// ASCII only: protocol words are ASCII, and a locale must never change what they mean.
constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }
constexpr char ascii_upper(char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; }
constexpr bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_ascii_alpha(char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }

std::string ascii_lower(std::string_view text);
std::string ascii_upper(std::string_view text);
bool ascii_iequals(std::string_view a, std::string_view b);
bool ascii_istarts_with(std::string_view text, std::string_view prefix);
bool is_ascii(std::string_view text);

/// Cuts spaces and tabs off both ends.
std::string_view trim(std::string_view text);

/// The part before the first `separator`, which is taken off the front of `text` together with the separator.
std::string_view take_until(std::string_view& text, char separator);

/// An unsigned number that is digits only, in range of `T`; leading zeros are fine, a sign or a space is not.
template <class T>
std::optional<T> parse_number(std::string_view text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  T value = 0;
  for (const char c : text) {
    if (!is_ascii_digit(c)) return std::nullopt;
    if (value > (T(-1) - T(c - '0')) / 10) return std::nullopt;
    value = T(value * 10 + T(c - '0'));
  }
  return value;
}

/// Well-formed UTF-8 without surrogates (RFC 3629).
bool is_utf8(std::string_view text);

/// RFC 4648 4, padded, no line breaks.
std::string base64_encode(bytes_view in);
/// Strict: no white space, right padding, no stray bits. Nothing when malformed.
std::optional<bytes> base64_decode(std::string_view in);

std::string to_hex(bytes_view in);

/// Text for a log line: control octets and non-ASCII octets escaped, cut at `limit` characters.
std::string printable(bytes_view in, size_t limit = 200);

} // namespace stagepost
