#include "conf/outbound_route.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::conf {

namespace {

std::optional<route_tls> tls_named(std::string_view word) {
  if (word == "none") return route_tls::none;
  if (word == "opportunistic") return route_tls::opportunistic;
  if (word == "required") return route_tls::required;
  return std::nullopt;
}

bool is_domain_pattern(std::string_view text) {
  constexpr size_t longest_name = 253;
  if (text == "*") return true;
  if (text.starts_with('.')) text.remove_prefix(1);
  return !text.empty() && text.size() <= longest_name && text.front() != '.' && text.back() != '.' &&
         text.find("..") == text.npos && std::none_of(text.begin(), text.end(), [](unsigned char c) {
           return c <= 32 || c == 127 || c == '*' || c == '@' || c == ',';
         });
}

/// Takes the address off the front of `rest`.
std::optional<ip_address> take_address(std::string_view& rest) {
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == rest.npos) return std::nullopt;
    const auto found = parse_ip(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    return found && !is_ipv4(*found) ? found : std::nullopt;
  }
  const auto end = std::min(rest.find(':'), rest.size());
  const auto found = parse_ip(rest.substr(0, end));
  rest.remove_prefix(end);
  return found;
}

} // namespace

std::optional<outbound_route> parse_route(std::string_view text) {
  outbound_route made;
  made.domain = ascii_lower(trim(take_until(text, '=')));
  if (!is_domain_pattern(made.domain)) return std::nullopt;
  text = trim(text);
  auto place = take_until(text, ' ');
  const auto address = take_address(place);
  if (!address) return std::nullopt;
  made.address = *address;
  if (!place.empty()) {
    if (place.front() != ':') return std::nullopt;
    const auto port = parse_number<uint16_t>(place.substr(1));
    if (!port || *port == 0) return std::nullopt;
    made.port = *port;
  }
  if (text = trim(text); !text.empty()) {
    made.tls = tls_named(text);
    if (!made.tls) return std::nullopt;
  }
  return made;
}

bool leads_to(const outbound_route& route, std::string_view domain) {
  if (route.domain == "*" || route.domain == domain) return true;
  if (!route.domain.starts_with('.')) return false;
  return domain == std::string_view(route.domain).substr(1) || domain.ends_with(route.domain);
}

} // namespace stagepost::conf
