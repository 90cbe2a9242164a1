#include "actors/outbound/configured_routes.hpp"

#include "conf/network.hpp"
#include "conf/outbound_route.hpp"

#include <tuple>

namespace stagepost::outbound {

namespace {

smtp_client::tls_policy policy_of_route(const conf::smtp_out_settings& settings,
                                        const conf::outbound_route& from) {
  if (!from.tls)
    return settings.use_tls ? smtp_client::tls_policy::opportunistic : smtp_client::tls_policy::never;
  switch (*from.tls) {
  case conf::route_tls::none: return smtp_client::tls_policy::never;
  case conf::route_tls::opportunistic: return smtp_client::tls_policy::opportunistic;
  case conf::route_tls::required: break;
  }
  return smtp_client::tls_policy::required;
}

/// As the levels of route::tls_demand are called.
std::string word_of_policy(smtp_client::tls_policy tls) {
  switch (tls) {
  case smtp_client::tls_policy::never: return "none";
  case smtp_client::tls_policy::opportunistic: return "opportunistic";
  case smtp_client::tls_policy::required: break;
  }
  return "encrypt";
}

} // namespace

route_table::route_table(const conf::smtp_out_settings& settings) {
  for (const auto& each : settings.routes)
    if (auto found = conf::parse_route(each)) {
      auto domain = found->domain;
      routes_.emplace(std::move(domain), std::move(*found)); // of two for one domain the first
    }
}

const conf::outbound_route* route_table::find(const std::string& destination) const {
  if (routes_.empty()) return nullptr;
  const auto at = [this](const std::string& domain) {
    const auto found = routes_.find(domain);
    return found == routes_.end() ? nullptr : &found->second;
  };
  if (const auto* found = at(destination)) return found;
  if (const auto* found = at('.' + destination)) return found;
  for (auto dot = destination.find('.'); dot != destination.npos; dot = destination.find('.', dot + 1))
    if (const auto* found = at(destination.substr(dot))) return found;
  return at("*");
}

bool lead_elsewhere(const conf::smtp_out_settings& before, const conf::smtp_out_settings& now) {
  const auto all = [](const conf::smtp_out_settings& of) {
    return std::tie(of.routes, of.use_tls, of.mta_sts, of.source_ipv4, of.source_ipv6,
                    of.fall_back_to_primary, of.host_names);
  };
  return all(before) != all(now);
}

std::optional<route> configured_route(const conf::smtp_out_settings& settings,
                                      const std::string& destination) {
  const route_table table(settings);
  const auto* best = table.find(destination);
  if (!best) return std::nullopt;
  route made;
  const auto address = conf::text_of(best->address);
  const auto tls = policy_of_route(settings, *best);
  made.hops.push_back(
      {address, address, best->port, tls, {address, false, false, {}, {}}, word_of_policy(tls)});
  made.reason = "the route of smtp_out.routes for " + best->domain;
  return made;
}

} // namespace stagepost::outbound
