#pragma once

#include "conf/gateway_settings.hpp"
#include "protocols/dns/answer.hpp"
#include "protocols/route/destination.hpp"

#include <string>
#include <vector>

namespace stagepost::gateway {

/// So many hosts of a domain are looked at, the best first.
inline constexpr size_t most_mx_hosts = 10;

struct mx_host {
  std::string name; ///< lower case, no final dot
  uint16_t preference = 0;
  std::vector<dns::ip_address> addresses;
};

/// The best hosts that the MX records name, without addresses; none where there is none, or a null MX.
std::vector<mx_host> hosts_of(const dns::answer& said);

/// Whether the MX records of a domain show that its mail is a gateway's (GWIN-09). With domain forwarding one
/// of its hosts is this server. A backup MX stands behind the primary: one of the hosts is the primary's, and
/// better than this server's where that is among them (behind a router that translates addresses it is not
/// seen).
bool shows_gateway(const std::vector<mx_host>& hosts, const conf::incoming_gateway_settings& gateway,
                   const route::destination& ours);

} // namespace stagepost::gateway
