#include "protocols/mailauth/spf_record.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mailauth/spf_macro.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace stagepost::mailauth::spf {

namespace {

constexpr std::string_view version = "v=spf1";
constexpr std::string_view digits = "0123456789";

/// RFC 7208 12, name: ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ).
bool is_name_octet(char c) {
  return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-' || c == '_' || c == '.';
}

constexpr std::array<std::pair<std::string_view, mechanism_kind>, 8> kinds{{
    {"all", mechanism_kind::all},
    {"include", mechanism_kind::include},
    {"a", mechanism_kind::a},
    {"mx", mechanism_kind::mx},
    {"ptr", mechanism_kind::ptr},
    {"ip4", mechanism_kind::ip4},
    {"ip6", mechanism_kind::ip6},
    {"exists", mechanism_kind::exists},
}};

/// A prefix length: no leading zeros, `most` at most.
bool read_prefix(std::string_view text, unsigned most, unsigned& to) {
  if (text.size() > 3 || (text.size() > 1 && text.front() == '0')) return false;
  const auto number = parse_number<uint32_t>(text);
  if (!number || *number > most) return false;
  to = *number;
  return true;
}

/// Cuts `mark` and the digits behind it off the end of `text`; nothing when they are not there.
std::optional<std::string_view> cut_prefix(std::string_view& text, std::string_view mark) {
  const auto last = text.find_last_not_of(digits);
  const size_t begin = last == text.npos ? 0 : last + 1;
  if (begin == text.size() || begin < mark.size() || text.substr(begin - mark.size(), mark.size()) != mark)
    return std::nullopt;
  const auto number = text.substr(begin);
  text = text.substr(0, begin - mark.size());
  return number;
}

/// [ ip4-cidr-length ] [ "/" ip6-cidr-length ] at the end of an "a" or "mx" (RFC 7208 5.3).
bool take_dual_prefix(std::string_view& text, mechanism& out) {
  if (const auto six = cut_prefix(text, "//"); six && !read_prefix(*six, 128, out.ip6_prefix)) return false;
  if (const auto four = cut_prefix(text, "/"); four && !read_prefix(*four, 32, out.ip4_prefix)) return false;
  return true;
}

/// ":" domain-spec, or nothing where that may be.
bool take_domain(std::string_view text, bool needed, mechanism& out) {
  if (text.empty()) return !needed;
  if (text.front() != ':' || !is_domain_spec(text.substr(1))) return false;
  out.domain_spec = text.substr(1);
  return true;
}

bool take_network(std::string_view text, mechanism& out) {
  if (text.empty() || text.front() != ':') return false;
  text.remove_prefix(1);
  const bool six = out.kind == mechanism_kind::ip6;
  const auto slash = text.find('/');
  if (slash != text.npos &&
      !read_prefix(text.substr(slash + 1), six ? 128 : 32, six ? out.ip6_prefix : out.ip4_prefix))
    return false;
  const auto address = six ? parse_ipv6(text.substr(0, slash)) : parse_ipv4(text.substr(0, slash));
  if (!address) return false;
  out.network = *address;
  return true;
}

bool take_mechanism(std::string_view term, record& out) {
  mechanism one;
  one.text = term;
  if (std::string_view("+-~?").find(term.front()) != std::string_view::npos) {
    one.qualifier = term.front();
    term.remove_prefix(1);
  }
  const auto name_end = std::min(term.find_first_of(":/"), term.size());
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) {
    return ascii_iequals(k.first, term.substr(0, name_end));
  });
  if (found == kinds.end()) return false;
  one.kind = found->second;
  auto rest = term.substr(name_end);
  switch (one.kind) {
  case mechanism_kind::all:
    if (!rest.empty()) return false;
    break;
  case mechanism_kind::a:
  case mechanism_kind::mx:
    if (!take_dual_prefix(rest, one) || !take_domain(rest, false, one)) return false;
    break;
  case mechanism_kind::ip4:
  case mechanism_kind::ip6:
    if (!take_network(rest, one)) return false;
    break;
  case mechanism_kind::ptr:
    if (!take_domain(rest, false, one)) return false;
    break;
  case mechanism_kind::include:
  case mechanism_kind::exists:
    if (!take_domain(rest, true, one)) return false;
    break;
  }
  out.mechanisms.push_back(std::move(one));
  return true;
}

/// RFC 7208 6: "redirect" and "exp" once each, others are only read for their syntax.
bool take_modifier(std::string_view name, std::string_view value, record& out) {
  if (!is_ascii_alpha(name.front())) return false;
  const bool redirect = ascii_iequals(name, "redirect");
  if (!redirect && !ascii_iequals(name, "exp")) return is_macro_string(value, macro_place::domain_spec);
  auto& to = redirect ? out.redirect : out.explanation;
  if (to || !is_domain_spec(value)) return false;
  to = value;
  return true;
}

bool take_term(std::string_view term, record& out) {
  const auto name_end = size_t(std::find_if_not(term.begin(), term.end(), is_name_octet) - term.begin());
  if (name_end > 0 && name_end < term.size() && term[name_end] == '=')
    return take_modifier(term.substr(0, name_end), term.substr(name_end + 1), out);
  return take_mechanism(term, out);
}

} // namespace

bool is_spf_record(std::string_view text) {
  return ascii_istarts_with(text, version) && (text.size() == version.size() || text[version.size()] == ' ');
}

parsed_record parse_record(std::string_view text) {
  if (text.size() > max_record_bytes) return {std::nullopt, "record too long"};
  text.remove_prefix(std::min(version.size(), text.size()));
  record out;
  size_t terms = 0;
  while (!text.empty()) {
    const auto term = take_until(text, ' ');
    if (term.empty()) continue; // terms stand one or more spaces apart
    if (++terms > max_terms) return {std::nullopt, "too many terms"};
    if (!take_term(term, out)) return {std::nullopt, "syntax: " + printable(term, 80)};
  }
  return {std::move(out), {}};
}

} // namespace stagepost::mailauth::spf
