#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/text.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace stagepost::smtp {

/// RFC 5322 3.2.3, atext, which RFC 5321 takes over; octets above 0x7f are for the caller to judge.
constexpr bool is_atext(char c) {
  return is_ascii_alpha(c) || is_ascii_digit(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

/// RFC 5321 4.1.2, Dot-string, of atext and octets above 0x7f.
bool is_dot_string(std::string_view text);

/// A name of letters, digits, hyphens and dots (RFC 5321 4.1.2, Domain; 255 octets, labels of 63), an
/// underscore being taken for a letter: names with it are in use. Octets above 0x7f pass unjudged.
bool is_domain_name(std::string_view text);

/// RFC 5321 4.1.3: "[192.0.2.1]" or "[IPv6:2001:db8::1]"; tags nobody has registered are refused.
bool is_address_literal(std::string_view text);

/// RFC 3461 4: takes xtext apart. Nothing when malformed or when what it hides is a control character: that
/// must not come into a bounce or a log. With `utf8` well-formed UTF-8 is let through.
std::optional<std::string> decode_xtext(std::string_view text, bool utf8);

} // namespace stagepost::smtp
