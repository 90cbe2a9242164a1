#include "actors/outbound/configured_routes.hpp"

#include "actors/error.hpp"
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
  made.hops.push_back(
      {address, address, best->port, policy_of(settings, *best), {address, false, {}, {}}, {}});
  made.reason = "smtp_out.routes: " + best->domain;
  return made;
}

router_actor::behavior_type configured_routes(router_actor::pointer self, live_settings_ptr settings) {
  outlive_stray_errors(self);
  return {[settings = std::move(settings)](const find_route& what) {
    if (auto found = configured_route(settings->get()->smtp_out, what.destination)) return std::move(*found);
    route none;
    none.failed = smtp_client::outcome_of(smtp_client::lookup_failure::server_failure, what.destination);
    none.reason = "no route";
    return none;
  }};
}

} // namespace stagepost::outbound
