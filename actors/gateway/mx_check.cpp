#include "actors/gateway/mx_check.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>
#include <optional>

namespace stagepost::gateway {

namespace {

bool is_primary(const dns::ip_address& address, const conf::incoming_gateway_settings& gateway) {
  const auto ip = conf::parse_ip(mailauth::to_string(address));
  return ip && std::any_of(gateway.addresses.begin(), gateway.addresses.end(),
                           [&](const conf::network& each) { return each.contains(*ip); });
}

bool is_ours(const mx_host& host, const route::destination& ours) {
  const auto& names = ours.own_names;
  const auto& addresses = ours.own_addresses;
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& each) { return ascii_lower(each) == host.name; }) ||
         std::any_of(host.addresses.begin(), host.addresses.end(), [&](const dns::ip_address& each) {
           return std::find(addresses.begin(), addresses.end(), each) != addresses.end();
         });
}

} // namespace

std::vector<mx_host> hosts_of(const dns::answer& said) {
  std::vector<mx_host> found;
  for (const auto& each : said.exchanges) {
    mx_host host{ascii_lower(each.host), each.preference, {}};
    if (host.name.ends_with('.')) host.name.pop_back();
    if (!host.name.empty()) found.push_back(std::move(host));
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const mx_host& a, const mx_host& b) { return a.preference < b.preference; });
  if (found.size() > most_mx_hosts) found.resize(most_mx_hosts);
  return found;
}

bool shows_gateway(const std::vector<mx_host>& hosts, const conf::incoming_gateway_settings& gateway,
                   const route::destination& ours) {
  std::optional<uint16_t> own, primary;
  for (const auto& host : hosts) {
    const auto note = [&](std::optional<uint16_t>& best) {
      best = std::min(best.value_or(host.preference), host.preference);
    };
    if (is_ours(host, ours))
      note(own);
    else if (std::any_of(host.addresses.begin(), host.addresses.end(),
                         [&](const auto& each) { return is_primary(each, gateway); }))
      note(primary);
  }
  if (gateway.mode == conf::gateway_mode::domain_forwarding) return own.has_value();
  return primary && (!own || *primary < *own);
}

} // namespace stagepost::gateway
