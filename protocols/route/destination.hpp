#pragma once

#include "protocols/dns/answer.hpp"
#include "protocols/route/mta_sts.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::route {

/// How much of what a stranger's zone says is looked at.
struct plan_limits {
  size_t hosts = 10;             ///< RFC 5321 5.1 wants at least two tried
  size_t addresses_per_host = 6; ///< of both families together
  size_t addresses = 20;         ///< in the whole plan
};

/// Where mail shall go, and all that is ours to know about it.
struct destination {
  std::string domain; ///< as in the address: "example.org", U-labels too, or a literal "[192.0.2.1]"
  uint64_t seed = 0;  ///< of the order among equals: another number each time (RFC 5321 5.1)
  uint16_t port = 25;
  bool use_ipv4 = true;
  bool use_ipv6 = true;
  bool use_tls = true;                             ///< off: no TLS at all (DOM-22)
  bool use_dane = true;                            ///< only ever counts where DNSSEC proves
  std::vector<std::string> own_names = {};         ///< host names we answer to
  std::vector<dns::ip_address> own_addresses = {}; ///< where we listen
  std::optional<sts_policy> policy = {};           ///< of MTA-STS, when the domain has one that holds
  plan_limits limits = {};
};

} // namespace stagepost::route
