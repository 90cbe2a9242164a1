#include "protocols/mailauth/spf_macro.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mailauth/domain_name.hpp"

#include <algorithm>

namespace stagepost::mailauth::spf {

namespace {

constexpr std::string_view domain_letters = "slodiphv";
constexpr std::string_view explanation_letters = "slodiphvcrt";
constexpr std::string_view delimiters = ".-+,/_=";

/// "%{" letter digits "r" delimiters "}", or one of the three that stand for a character.
struct macro {
  char letter = 0; ///< lower case; 0 for the three
  bool escape = false;
  size_t keep = 0; ///< parts from the right; 0 is all
  bool reverse = false;
  std::string_view separators = ".";
  std::string_view literal;
};

/// Takes a macro off the front of `text`, which begins with "%".
bool take_macro(std::string_view& text, macro_place place, macro& out) {
  out = {};
  if (text.size() < 2) return false;
  if (text[1] != '{') {
    out.literal = text[1] == '%' ? "%" : text[1] == '_' ? " " : text[1] == '-' ? "%20" : "";
    text.remove_prefix(2);
    return !out.literal.empty();
  }
  const auto end = text.find('}');
  if (end == text.npos || end < 3) return false;
  auto inside = text.substr(2, end - 2);
  text.remove_prefix(end + 1);

  out.letter = ascii_lower(inside.front());
  out.escape = out.letter != inside.front();
  const auto letters = place == macro_place::explanation ? explanation_letters : domain_letters;
  if (letters.find(out.letter) == letters.npos) return false;
  inside.remove_prefix(1);
  const auto digits = std::min(inside.find_first_not_of("0123456789"), inside.size());
  if (digits > 0) {
    // Only a nonzero number means something; one of more digits than a name has labels means all.
    if (inside.substr(0, digits).find_first_not_of('0') == inside.npos) return false;
    out.keep = parse_number<uint32_t>(inside.substr(0, digits)).value_or(0);
    inside.remove_prefix(digits);
  }
  if (!inside.empty() && ascii_lower(inside.front()) == 'r') {
    out.reverse = true;
    inside.remove_prefix(1);
  }
  if (!inside.empty()) out.separators = inside;
  return inside.find_first_not_of(delimiters) == inside.npos;
}

bool is_literal(char c, macro_place place) {
  return (c > ' ' && c < 127 && c != '%') || (c == ' ' && place == macro_place::explanation);
}

/// %{i}: dotted quad, or 32 nibbles with dots, in upper case as other implementations write them.
std::string dotted(const ip_address& address) {
  if (!address.is_v6) return to_string(address);
  const auto hex = ascii_upper(to_hex(bytes_view(reinterpret_cast<const char*>(address.octets.data()), 16)));
  std::string out;
  for (const char c : hex) {
    if (!out.empty()) out += '.';
    out += c;
  }
  return out;
}

std::string value_of(char letter, const macro_values& values) {
  switch (letter) {
  case 's': return values.sender_local + '@' + values.sender_domain;
  case 'l': return values.sender_local;
  case 'o': return values.sender_domain;
  case 'd': return values.domain;
  case 'i': return dotted(values.client);
  case 'p': return values.validated;
  case 'v': return values.client.is_v6 ? "ip6" : "in-addr";
  case 'h': return values.helo;
  case 'c': return to_string(values.client);
  case 'r': return values.receiver.empty() ? "unknown" : values.receiver;
  default: return std::to_string(values.now_seconds);
  }
}

std::string transformed(const std::string& value, const macro& by) {
  if (by.keep == 0 && !by.reverse && by.separators == ".") return value;
  std::vector<std::string_view> parts;
  for (std::string_view rest = value;;) {
    const auto at = rest.find_first_of(by.separators);
    parts.push_back(rest.substr(0, at));
    if (at == rest.npos) break;
    rest.remove_prefix(at + 1);
  }
  if (by.reverse) std::reverse(parts.begin(), parts.end());
  std::string out;
  const size_t first = by.keep > 0 && by.keep < parts.size() ? parts.size() - by.keep : 0;
  for (size_t i = first; i < parts.size(); ++i) {
    if (i > first) out += '.';
    out += parts[i];
  }
  return out;
}

/// RFC 7208 7.3: all but the unreserved characters of RFC 3986.
std::string url_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_ascii_alpha(c) || is_ascii_digit(c) || std::string_view("-._~").find(c) != std::string_view::npos)
      out += c;
    else
      out += '%' + ascii_upper(to_hex(bytes_view(&c, 1)));
  }
  return out;
}

/// toplabel of RFC 7208 7.1: letters, digits and inner hyphens, not digits alone.
bool is_top_label(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  const auto fits = [](char c) { return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-'; };
  return std::all_of(label.begin(), label.end(), fits) &&
         !std::all_of(label.begin(), label.end(), is_ascii_digit);
}

} // namespace

bool is_macro_string(std::string_view text, macro_place place) {
  macro found;
  while (!text.empty()) {
    if (text.front() == '%') {
      if (!take_macro(text, place, found)) return false;
    } else {
      if (!is_literal(text.front(), place)) return false;
      text.remove_prefix(1);
    }
  }
  return true;
}

bool is_domain_spec(std::string_view text) {
  if (text.empty() || !is_macro_string(text, macro_place::domain_spec)) return false;
  macro found;
  auto literal_end = text; // what follows the last macro
  for (auto rest = text; !rest.empty();) {
    if (rest.front() != '%') {
      rest.remove_prefix(1);
      continue;
    }
    take_macro(rest, macro_place::domain_spec, found);
    literal_end = rest;
  }
  if (literal_end.empty()) return true;
  if (literal_end.ends_with('.')) literal_end.remove_suffix(1);
  const auto dot = literal_end.rfind('.');
  return dot != literal_end.npos && is_top_label(literal_end.substr(dot + 1));
}

bool uses_validated_name(std::string_view text) {
  macro found;
  while (!text.empty()) {
    if (text.front() != '%') {
      text.remove_prefix(1);
      continue;
    }
    if (!take_macro(text, macro_place::explanation, found)) return false;
    if (found.letter == 'p') return true;
  }
  return false;
}

std::optional<std::string> expand(std::string_view text, macro_place place, const macro_values& values) {
  std::string out;
  macro found;
  while (!text.empty()) {
    if (out.size() > max_expanded_bytes) return std::nullopt;
    if (text.front() != '%') {
      if (!is_literal(text.front(), place)) return std::nullopt;
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    if (!take_macro(text, place, found)) return std::nullopt;
    if (found.letter == 0) {
      out += found.literal;
      continue;
    }
    if ((found.letter == 's' || found.letter == 'l') && !is_ascii(values.sender_local)) return std::nullopt;
    const auto filled = transformed(value_of(found.letter, values), found);
    out += found.escape ? url_escaped(filled) : filled;
  }
  if (out.size() > max_expanded_bytes) return std::nullopt;
  return out;
}

std::string fit_query_name(std::string_view expanded) {
  if (expanded.ends_with('.')) expanded.remove_suffix(1);
  while (expanded.size() > max_domain_octets) {
    const auto dot = expanded.find('.');
    if (dot == expanded.npos) break; // no name at all: the caller sees that
    expanded.remove_prefix(dot + 1);
  }
  return ascii_lower(expanded);
}

} // namespace stagepost::mailauth::spf
