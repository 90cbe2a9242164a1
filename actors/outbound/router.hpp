#pragma once

#include "actors/gateways.hpp"
#include "actors/outbound/lanes.hpp"
#include "actors/outbound/route.hpp"
#include "actors/resolver/interface.hpp"
#include "actors/settings.hpp"
#include "actors/sts/interface.hpp"
#include "conf/node_settings.hpp"
#include "protocols/route/plan.hpp"

#include <functional>
#include <optional>
#include <random>
#include <string>

namespace stagepost::outbound {

/// What a plan means for deliveries: its hosts one address after the other, or how an attempt ends without
/// any. `destination` is whose mail it is, in lower case, for what is counted of TLS.
route route_of(const stagepost::route::plan& from, uint16_t port, const std::string& destination = {});

/// Knows the routes of the settings and the gateways, and asks the resolver where all other mail goes.
struct router_state {
  static constexpr const char* name = "outbound.router";
  router_actor::pointer self = nullptr;
  resolver::resolver_actor resolver;
  live_settings_ptr settings;
  stagepost::route::destination ours; ///< what every plan has to know of this server
  conf::outbound_scope scope = conf::outbound_scope::all;
  sts::policies_actor policies; ///< may be none: then no domain has a policy of MTA-STS
  live_gateways_ptr gateways = std::make_shared<live_gateways>();
  std::mt19937_64 random{std::random_device{}()};

  resolver::plan_route question_for(const std::string& destination);
  std::optional<route> find_by_settings(const std::string& destination) const;
  /// Plans by way of the DNS: the policy of MTA-STS first, which the plan must know.
  using use_plan = std::function<void(stagepost::route::plan)>;
  using use_error = std::function<void(const caf::error&)>;
  void plan(const std::string& destination, use_plan then, use_error failed);
  void plan_under(const sts::policy_found& policy, const std::string& destination, use_plan then,
                  use_error failed);
  caf::result<route> find(const find_route& what);
  caf::result<route> find_outgoing(const find_gateway& what);
  /// What is explained of a destination's gateways; `rest`: the priorities that none of them takes.
  std::vector<std::string> gateway_lines(const std::string& destination, priority_set& rest) const;
  caf::result<route_explained> explain(const explain_route& what);
};

router_actor::behavior_type router(router_actor::stateful_pointer<router_state> self,
                                   resolver::resolver_actor resolver, live_settings_ptr settings,
                                   stagepost::route::destination ours, conf::outbound_scope scope,
                                   live_gateways_ptr gateways, sts::policies_actor policies = {});

} // namespace stagepost::outbound
