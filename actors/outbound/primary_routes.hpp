#pragma once

#include "actors/gateway/interface.hpp"
#include "actors/incoming_gateways.hpp"
#include "actors/open_answer.hpp"
#include "actors/outbound/route.hpp"
#include "actors/settings.hpp"
#include "conf/node_settings.hpp"

#include <chrono>
#include <optional>
#include <string>

// Mail for the domains of incoming gateways goes to their primary mail servers, whatever the DNS says.
namespace stagepost::outbound {

/// So many addresses of a primary are tried, when a range names it.
inline constexpr size_t most_primary_addresses = 16;

/// The way to the primary mail server of a gateway (GWIN-03).
route primary_route(const incoming_gateway& gateway, bool use_tls);

/// The longest time that anything waits for its next attempt: here, or for a primary mail server.
std::chrono::minutes longest_wait(const conf::spool_settings& settings, const incoming_gateways& gateways);

/// Stands before the router: the domains of incoming gateways are its own, with all others it goes there.
struct primary_router_state {
  static constexpr const char* name = "outbound.primaries";
  router_actor::pointer self = nullptr;
  router_actor beyond;
  gateway::entry_actor entry;
  incoming_view gateways;
  live_settings_ptr settings;
  conf::outbound_scope scope = conf::outbound_scope::all;

  /// The route of the gateway that lists the domain.
  std::optional<route> find_listed(const std::string& destination);
  bool has_to_ask();
  caf::result<route> find(const find_route& what);
  void find_beyond(const find_route& what, gateway::belonging how, open_answer<route> answer);
  caf::result<route_explained> explain(const explain_route& what);
  void explain_beyond(const explain_route& what, open_answer<route_explained> answer);
};

router_actor::behavior_type primary_router(router_actor::stateful_pointer<primary_router_state> self,
                                           router_actor beyond, gateway::entry_actor entry,
                                           live_gateways_ptr gateways, live_settings_ptr settings,
                                           conf::outbound_scope scope);

} // namespace stagepost::outbound
