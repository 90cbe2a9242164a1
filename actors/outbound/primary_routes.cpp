#include "actors/outbound/primary_routes.hpp"

#include "actors/error.hpp"
#include "conf/limits.hpp"

#include <algorithm>

namespace stagepost::outbound {

namespace {

/// It may be a domain whose mail comes in here to go on to a primary: then the DNS leads back to us, which
/// would be a circle for anybody else.
route while_unsure(route found) {
  const smtp_client::status_code circle{5, 4, 6};
  if (!found.failed || found.failed->status != circle) return found;
  route made;
  made.failed = smtp_client::own_trouble(smtp_client::stage::routing,
                                         "Which incoming gateway the domain belongs to cannot be asked now");
  made.reason = made.failed->reason;
  return made;
}

route no_answer(const std::string& destination, const caf::error& why) {
  route none;
  none.failed = smtp_client::outcome_of(smtp_client::lookup_failure::server_failure, destination);
  none.failed->reason += ": " + describe(why);
  none.failed->is_ours = true;
  return none;
}

route_explained explained(const route& found) {
  route_explained made;
  for (const auto& hop : found.hops) {
    const bool is_v6 = hop.address.find(':') != std::string::npos;
    made.lines.push_back(found.reason + " leads to " + (is_v6 ? '[' + hop.address + ']' : hop.address) + ':' +
                         std::to_string(hop.port) + "; TLS " + hop.security);
  }
  return made;
}

} // namespace

route primary_route(const incoming_gateway& gateway, bool use_tls) {
  route made;
  made.gateway = gateway.name;
  made.retry_intervals = gateway.settings.retry_intervals;
  made.reason = "the primary mail server of incoming gateway " + gateway.name;
  const auto tls = use_tls ? smtp_client::tls_policy::opportunistic : smtp_client::tls_policy::never;
  for (const auto& address : first_addresses(gateway.settings.addresses, most_primary_addresses)) {
    auto& hop = made.hops.emplace_back();
    hop.host = hop.address = hop.identity.name = address;
    hop.port = gateway.settings.port;
    hop.tls = tls;
    hop.security = use_tls ? "opportunistic" : "none";
  }
  if (made.hops.empty())
    made.failed = smtp_client::own_trouble(smtp_client::stage::routing, made.reason + " has no address");
  return made;
}

std::chrono::minutes longest_wait(const conf::spool_settings& settings, const incoming_gateways& gateways) {
  return std::max(conf::longest_wait(settings), gateways.longest_wait());
}

std::optional<route> primary_router_state::find_listed(const std::string& destination) {
  if (scope == conf::outbound_scope::none) return std::nullopt;
  const auto gateway = gateways.get()->listing(destination);
  if (!gateway) return std::nullopt;
  return primary_route(*gateway, settings->get()->smtp_out.use_tls);
}

bool primary_router_state::has_to_ask() {
  return scope != conf::outbound_scope::none && !gateways.get()->asking().empty();
}

caf::result<route> primary_router_state::find(const find_route& what) {
  if (auto listed = find_listed(what.destination)) return std::move(*listed);
  auto pending = self->make_response_promise<route>();
  open_answer<route> answer(pending);
  if (!has_to_ask()) {
    find_beyond(what, gateway::belonging::none, answer);
    return pending;
  }
  self->request(entry, caf::infinite, gateway::find_gateway{what.destination})
      .then(
          [this, what, answer](gateway::gateway_found& found) {
            const auto gateway = gateways.get()->named(found.gateway);
            if (found.how == gateway::belonging::known && gateway)
              return (void)answer.deliver(primary_route(*gateway, settings->get()->smtp_out.use_tls));
            find_beyond(what, found.how, answer);
          },
          [this, what, answer](caf::error&) { find_beyond(what, gateway::belonging::unsure, answer); });
  return pending;
}

void primary_router_state::find_beyond(const find_route& what, gateway::belonging how,
                                       open_answer<route> answer) {
  self->request(beyond, caf::infinite, what)
      .then(
          [answer, how](route& found) {
            answer.deliver(how == gateway::belonging::none ? std::move(found)
                                                           : while_unsure(std::move(found)));
          },
          [answer, to = what.destination](caf::error& why) { answer.deliver(no_answer(to, why)); });
}

caf::result<route_explained> primary_router_state::explain(const explain_route& what) {
  if (const auto listed = find_listed(what.destination)) return explained(*listed);
  auto pending = self->make_response_promise<route_explained>();
  open_answer<route_explained> answer(pending);
  if (!has_to_ask()) {
    explain_beyond(what, answer);
    return pending;
  }
  self->request(entry, caf::infinite, gateway::find_gateway{what.destination})
      .then(
          [this, what, answer](gateway::gateway_found& found) {
            const auto gateway = gateways.get()->named(found.gateway);
            if (found.how == gateway::belonging::known && gateway)
              return (void)answer.deliver(
                  explained(primary_route(*gateway, settings->get()->smtp_out.use_tls)));
            explain_beyond(what, answer);
          },
          [this, what, answer](caf::error&) { explain_beyond(what, answer); });
  return pending;
}

void primary_router_state::explain_beyond(const explain_route& what, open_answer<route_explained> answer) {
  self->request(beyond, caf::infinite, what)
      .then([answer](route_explained& found) { answer.deliver(std::move(found)); },
            [answer](caf::error& why) {
              answer.deliver(route_explained{{"cannot be looked up now: " + describe(why)}});
            });
}

router_actor::behavior_type primary_router(router_actor::stateful_pointer<primary_router_state> self,
                                           router_actor beyond, gateway::entry_actor entry,
                                           live_gateways_ptr gateways, live_settings_ptr settings,
                                           conf::outbound_scope scope) {
  outlive_stray_errors(self);
  auto& state = self->state;
  state.self = self;
  state.beyond = std::move(beyond);
  state.entry = std::move(entry);
  state.gateways = incoming_view(std::move(gateways));
  state.settings = std::move(settings);
  state.scope = scope;
  return {
      [self](const find_route& what) { return self->state.find(what); },
      // The way through outgoing gateways is the router's own.
      [self](const find_gateway& what) { return self->delegate(self->state.beyond, what); },
      [self](const explain_route& what) { return self->state.explain(what); },
  };
}

} // namespace stagepost::outbound
