#include "actors/outbound/host_names.hpp"

#include <algorithm>

#include <netinet/in.h>
#include <sys/socket.h>

namespace stagepost::outbound {

std::optional<std::string> host_name_at(const std::vector<std::string>& entries,
                                        const conf::ip_address& address) {
  for (const auto& each : entries) {
    const auto equals = each.find('=');
    if (equals == each.npos) continue;
    if (conf::parse_ip(std::string_view(each).substr(0, equals)) == address) return each.substr(equals + 1);
  }
  return std::nullopt;
}

std::optional<conf::ip_address> source_of(const net::socket& connected) {
  boost::system::error_code failed;
  const auto local = connected.local_endpoint(failed);
  if (failed) return std::nullopt;
  conf::ip_address found{};
  if (local.data()->sa_family == AF_INET) {
    const auto& v4 = *reinterpret_cast<const sockaddr_in*>(local.data());
    found[10] = found[11] = 0xff;
    const auto* octets = reinterpret_cast<const uint8_t*>(&v4.sin_addr);
    std::copy(octets, octets + 4, found.begin() + 12);
    return found;
  }
  if (local.data()->sa_family != AF_INET6) return std::nullopt;
  const auto& v6 = *reinterpret_cast<const sockaddr_in6*>(local.data());
  std::copy(std::begin(v6.sin6_addr.s6_addr), std::end(v6.sin6_addr.s6_addr), found.begin());
  return found;
}

} // namespace stagepost::outbound
