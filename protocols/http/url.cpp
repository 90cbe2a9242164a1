#include "protocols/http/url.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::http {

namespace {

constexpr size_t longest_host = 253;
constexpr size_t longest_address = 45;

bool is_host_octet(char c) { return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-' || c == '.'; }
bool is_address_octet(char c) {
  const char lower = ascii_lower(c);
  return is_ascii_digit(c) || (lower >= 'a' && lower <= 'f') || c == ':' || c == '.';
}
bool is_target_octet(char c) { return c > ' ' && c < '\x7f'; }

bool is_host(std::string_view text) {
  if (text.empty() || text.size() > longest_host || text.starts_with('.') || text.starts_with('-') ||
      text.ends_with('.') || text.find("..") != text.npos)
    return false;
  return std::all_of(text.begin(), text.end(), is_host_octet);
}

bool is_address(std::string_view text) {
  return text.find(':') != text.npos && text.size() <= longest_address &&
         std::all_of(text.begin(), text.end(), is_address_octet);
}

/// "host", "host:port", "[2001:db8::1]:port"
bool read_authority(std::string_view text, url& into) {
  std::string_view host = text;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return false;
    host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (!is_address(host)) return false;
  } else {
    host = text.substr(0, text.find(':'));
    text.remove_prefix(host.size());
    if (host.ends_with('.')) host.remove_suffix(1);
    if (!is_host(host)) return false;
  }
  into.host = ascii_lower(host);
  if (text.empty() || text == ":") return true;
  const auto port = text.front() == ':' ? parse_number<uint16_t>(text.substr(1)) : std::nullopt;
  if (!port || *port == 0) return false;
  into.port = *port;
  return true;
}

bool read_target(std::string_view text, url& into) {
  text = text.substr(0, text.find('#'));
  if (!std::all_of(text.begin(), text.end(), is_target_octet)) return false;
  into.target = text;
  if (!text.starts_with('/')) into.target.insert(0, 1, '/');
  return true;
}

} // namespace

std::optional<url> parse_url(std::string_view text) {
  if (text.size() > longest_url) return std::nullopt;
  url found;
  found.secure = ascii_istarts_with(text, "https://");
  if (!found.secure && !ascii_istarts_with(text, "http://")) return std::nullopt;
  found.port = found.secure ? 443 : 80;
  text.remove_prefix(text.find("//") + 2);
  const auto end = std::min(text.find_first_of("/?#"), text.size());
  if (!read_authority(text.substr(0, end), found) || !read_target(text.substr(end), found))
    return std::nullopt;
  return found;
}

std::string host_field(const url& of) {
  std::string out = of.host.find(':') == of.host.npos ? of.host : '[' + of.host + ']';
  if (of.port != (of.secure ? 443 : 80)) out += ':' + std::to_string(of.port);
  return out;
}

std::optional<url> resolve_location(const url& from, std::string_view location) {
  if (location.size() > longest_url) return std::nullopt;
  if (!location.starts_with('/') || location.starts_with("//")) return parse_url(location);
  url found = from;
  return read_target(location, found) ? std::optional(found) : std::nullopt;
}

std::string escape(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_ascii_alpha(c) || is_ascii_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
      continue;
    }
    out += '%';
    out += digits[uint8_t(c) >> 4];
    out += digits[uint8_t(c) & 15];
  }
  return out;
}

} // namespace stagepost::http
