#include "actors/net/own_addresses.hpp"

#include <algorithm>
#include <cstring>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>

namespace stagepost::net {

namespace {

std::optional<mailauth::ip_address> read(const sockaddr* from) {
  mailauth::ip_address out;
  if (from == nullptr) return std::nullopt;
  if (from->sa_family == AF_INET) {
    std::memcpy(out.octets.data(), &reinterpret_cast<const sockaddr_in*>(from)->sin_addr, 4);
  } else if (from->sa_family == AF_INET6) {
    out.is_v6 = true;
    std::memcpy(out.octets.data(), &reinterpret_cast<const sockaddr_in6*>(from)->sin6_addr, 16);
  } else {
    return std::nullopt;
  }
  return out;
}

void add_interfaces(std::vector<mailauth::ip_address>& to) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return;
  for (const auto* each = all; each != nullptr; each = each->ifa_next)
    if (const auto address = read(each->ifa_addr)) to.push_back(*address);
  ::freeifaddrs(all);
}

} // namespace

std::vector<mailauth::ip_address> own_addresses(const std::vector<conf::listener>& listeners, uint16_t port) {
  std::vector<mailauth::ip_address> found;
  for (const auto& each : listeners) {
    if (each.service != conf::service::smtp || each.port != port) continue;
    if (each.address == "*")
      add_interfaces(found);
    else if (const auto address = mailauth::parse_client_address(each.address))
      found.push_back(*address);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

} // namespace stagepost::net
