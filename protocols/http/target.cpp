#include "protocols/http/target.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::http {

namespace {

std::optional<unsigned> hex_digit(char c) {
  if (is_ascii_digit(c)) return unsigned(c - '0');
  const char lower = ascii_lower(c);
  if (lower >= 'a' && lower <= 'f') return unsigned(lower - 'a') + 10;
  return std::nullopt;
}

// RFC 3986 2.1
std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char octet = text[i];
    if (octet == '%') {
      const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
      const auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
      if (!low) return std::nullopt;
      octet = char(*high * 16 + *low);
      i += 2;
    }
    if (octet == '\0') return std::nullopt;
    out.push_back(octet);
  }
  return out;
}

/// RFC 9112 3.2.2: a server takes "http://host/path" for "/path".
void drop_authority(std::string_view& text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!ascii_istarts_with(text, scheme)) continue;
    text.remove_prefix(scheme.size());
    const auto path = text.find_first_of("/?");
    text.remove_prefix(std::min(path, text.size()));
    return;
  }
}

bool is_host_octet(char c) { return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-' || c == '.'; }

} // namespace

std::string_view target::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters)
    if (ascii_iequals(key, name)) return value;
  return {};
}

std::optional<target> parse_target(std::string_view text) {
  if (text.size() > longest_target) return std::nullopt;
  const bool absolute = !text.starts_with('/');
  if (absolute) {
    const auto before = text.size();
    drop_authority(text);
    if (text.size() == before) return std::nullopt;
  }
  text = text.substr(0, text.find('#'));
  auto path = unescape(take_until(text, '?'));
  if (!path) return std::nullopt;
  target found;
  found.path = path->empty() ? "/" : std::move(*path);
  while (!text.empty()) {
    auto pair = take_until(text, '&');
    if (pair.empty()) continue;
    if (found.parameters.size() == most_parameters) return std::nullopt;
    auto name = unescape(take_until(pair, '='));
    auto value = unescape(pair);
    if (!name || !value) return std::nullopt;
    found.parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return found;
}

std::string host_of(std::string_view field) {
  auto host = trim(field);
  if (const auto colon = host.rfind(':'); colon != host.npos) {
    if (!parse_number<uint16_t>(host.substr(colon + 1)) && colon + 1 != host.size()) return {};
    host = host.substr(0, colon);
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.starts_with('.') || host.ends_with('.') || host.find("..") != host.npos) return {};
  if (host.empty() || host.size() > 253 || !std::all_of(host.begin(), host.end(), is_host_octet)) return {};
  return ascii_lower(host);
}

} // namespace stagepost::http
