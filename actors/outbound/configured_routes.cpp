#include "actors/outbound/configured_routes.hpp"

#include "conf/network.hpp"
#include "conf/outbound_route.hpp"

namespace stagepost::outbound {

namespace {

smtp_client::tls_policy policy_of(const conf::smtp_out_settings& settings, const conf::outbound_route& from) {
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
std::string word_of(smtp_client::tls_policy tls) {
  switch (tls) {
  case smtp_client::tls_policy::never: return "none";
  case smtp_client::tls_policy::opportunistic: return "opportunistic";
  case smtp_client::tls_policy::required: break;
  }
  return "encrypt";
}

} // namespace

std::optional<route> configured_route(const conf::smtp_out_settings& settings,
                                      const std::string& destination) {
  std::optional<conf::outbound_route> best;
  const auto nearness = [&](const conf::outbound_route& each) {
    if (each.domain == destination) return SIZE_MAX;
    return each.domain == "*" ? size_t(0) : each.domain.size();
  };
  for (const auto& each : settings.routes) {
    auto found = conf::parse_route(each);
    if (!found || !conf::leads_to(*found, destination)) continue;
    if (!best || nearness(*found) > nearness(*best)) best = std::move(found);
  }
  if (!best) return std::nullopt;
  route made;
  const auto address = conf::text_of(best->address);
  const auto tls = policy_of(settings, *best);
  made.hops.push_back({address, address, best->port, tls, {address, false, {}, {}}, word_of(tls)});
  made.reason = "the route of smtp_out.routes for " + best->domain;
  return made;
}

} // namespace stagepost::outbound
