#pragma once

#include "conf/network.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stagepost::conf {

/// Whether mail on a route is encrypted.
enum class route_tls : uint8_t { none, opportunistic, required };

/// Where mail for a domain goes instead of the hosts the DNS names: an entry of `smtp_out.routes`.
struct outbound_route {
  std::string domain; ///< lower case; ".example.org" with all below it; "*" for all others
  ip_address address{};
  uint16_t port = 25;
  std::optional<route_tls> tls; ///< nothing: as smtp_out.use_tls says
};

/// Reads "example.org=192.0.2.1:2525 required"; an IPv6 address stands in brackets, port and TLS may be left
/// out.
std::optional<outbound_route> parse_route(std::string_view text);

/// Whether the route is one for this domain (lower case); the longer its own, the nearer it is.
bool leads_to(const outbound_route& route, std::string_view domain);

} // namespace stagepost::conf
