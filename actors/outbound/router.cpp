#include "actors/outbound/router.hpp"

#include "actors/error.hpp"
#include "actors/open_answer.hpp"
#include "actors/outbound/configured_routes.hpp"
#include "actors/outbound/gateway_hops.hpp"
#include "protocols/base/text.hpp"
#include "protocols/mailauth/domain_name.hpp"

#include <algorithm>

namespace stagepost::outbound {

namespace planning = stagepost::route;

namespace {

/// A zone of a stranger's has no say in how long a trace gets.
constexpr size_t longest_route_reason = 1000;

next_hop hop_of(const planning::mail_host& host, const dns::ip_address& address, uint16_t port,
                const std::string& destination) {
  next_hop made;
  made.host = host.name;
  made.address = mailauth::to_string(address);
  made.port = port;
  made.identity.name = host.tls.names.empty() ? host.name : host.tls.names.front();
  for (size_t i = 1; i < host.tls.names.size(); ++i) made.identity.more_names.push_back(host.tls.names[i]);
  made.security = std::string(planning::to_string(host.tls.level));
  made.tls = smtp_client::tls_policy::required;
  made.policy_domain = destination;
  made.name_is_proven = host.name_is_proven;
  switch (host.tls.level) {
  case planning::tls_level::none: made.tls = smtp_client::tls_policy::never; break;
  case planning::tls_level::opportunistic: made.tls = smtp_client::tls_policy::opportunistic; break;
  case planning::tls_level::encrypt: break;
  case planning::tls_level::dane: made.identity.pins = host.tls.tlsa; break;
  case planning::tls_level::mta_sts: made.identity.verify = true; break;
  }
  if (host.tls.level == planning::tls_level::mta_sts || host.tls.is_tested) {
    made.policy = storage::tls_policy_kind::sts;
    made.identity.observe = host.tls.is_tested;
    made.is_unlisted = host.tls.is_unlisted;
  }
  // RFC 8460 3: of DANE the policy is that of the TLSA base domain.
  if (host.tls.level == planning::tls_level::dane || host.tls.level == planning::tls_level::encrypt) {
    made.policy = storage::tls_policy_kind::tlsa;
    made.policy_domain = made.identity.name;
  }
  return made;
}

/// All hosts of a plan as if the domain had no policies: for mail that has to arrive, however (RFC
/// 8689 4.2.2).
std::vector<next_hop> hops_without_policies(const planning::plan& from, uint16_t port) {
  auto hosts = from.hosts;
  hosts.insert(hosts.end(), from.put_aside.begin(), from.put_aside.end());
  std::stable_sort(hosts.begin(), hosts.end(),
                   [](const auto& a, const auto& b) { return a.preference < b.preference; });
  std::vector<next_hop> made;
  for (auto& host : hosts) {
    const bool uses_tls = host.tls.level != planning::tls_level::none;
    host.tls = {};
    host.tls.level = uses_tls ? planning::tls_level::opportunistic : planning::tls_level::none;
    host.tls.names = {host.name};
    // Of no policy, so nothing is counted for one (RFC 8460).
    for (const auto& address : host.addresses) made.push_back(hop_of(host, address, port, {}));
  }
  return made;
}

/// What the DNS does not know today it may know in an hour: SPOOL-08 says how often that is tried.
bool may_be_mended(smtp_client::status_code status) {
  const smtp_client::status_code no_such_domain{5, 1, 2}, no_host{5, 4, 4};
  return status == no_such_domain || status == no_host;
}

smtp_client::outcome failure_of(const planning::plan& from) {
  using smtp_client::fate;
  const bool for_good = from.verdict == planning::plan_verdict::permanent && !may_be_mended(from.status);
  auto made =
      smtp_client::own_decision(for_good ? fate::permanent : fate::temporary, smtp_client::stage::routing,
                                smtp_client::with_grade(from.status, for_good ? 5 : 4), from.problem);
  // A proof that is missing is mended by the other side, and that takes its time.
  made.is_lookup_failure = smtp_client::subject_of(from.status) != smtp_client::status_subject::policy;
  made.is_missing = may_be_mended(from.status);
  return made;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const auto& each : lines) all += (all.empty() ? "" : "; ") + each;
  return printable(all, longest_route_reason);
}

route waiting(std::string why) {
  route made;
  made.waits = true;
  made.reason = why;
  made.failed = smtp_client::own_trouble(smtp_client::stage::routing, std::move(why));
  return made;
}

std::string line_of(const route& found) {
  const auto& hop = found.hops.front();
  const bool is_v6 = hop.address.find(':') != std::string::npos;
  return found.reason + " leads to " + (is_v6 ? '[' + hop.address + ']' : hop.address) + ':' +
         std::to_string(hop.port) + "; TLS " + hop.security;
}

} // namespace

route route_of(const planning::plan& from, uint16_t port, const std::string& destination) {
  route made;
  made.reason = joined(planning::explain(from));
  made.without_policies = hops_without_policies(from, port);
  if (!from.can_deliver()) {
    made.failed = failure_of(from);
    return made;
  }
  for (const auto& host : from.hosts)
    for (const auto& address : host.addresses) made.hops.push_back(hop_of(host, address, port, destination));
  return made;
}

resolver::plan_route router_state::question_for(const std::string& destination) {
  resolver::plan_route question{ours};
  question.to.domain = destination;
  question.to.seed = random();
  question.to.use_tls = settings->get()->smtp_out.use_tls;
  return question;
}

/// What outbound.deliver and the routes of the settings say; nothing: ask the DNS.
std::optional<route> router_state::find_by_settings(const std::string& destination) const {
  if (scope == conf::outbound_scope::none) return waiting("it waits here: outbound.deliver is none");
  if (auto known = configured_route(settings->get()->smtp_out, destination)) return known;
  if (scope == conf::outbound_scope::routes)
    return waiting("it waits here: outbound.deliver is routes, and smtp_out.routes has none for it");
  return std::nullopt;
}

void router_state::plan(const std::string& destination, use_plan then, use_error failed) {
  const auto settings_now = settings->get();
  const auto& out = settings_now->smtp_out;
  if (!policies || !out.mta_sts || !out.use_tls)
    return plan_under(sts::policy_found{true, std::nullopt, {}}, destination, std::move(then),
                      std::move(failed));
  self->request(policies, caf::infinite, sts::find_policy{destination})
      .then([this, destination, then,
             failed](sts::policy_found& found) { plan_under(found, destination, then, failed); },
            [failed](caf::error& why) { failed(why); });
}

void router_state::plan_under(const sts::policy_found& policy, const std::string& destination, use_plan then,
                              use_error failed) {
  if (!policy.done) {
    // Who does not know what is demanded sends nothing.
    return failed(to_error({storage::errc::io_error, "the policy of MTA-STS cannot be read now"}));
  }
  auto question = question_for(destination);
  question.to.policy = policy.policy;
  self->request(resolver, caf::infinite, question)
      .then(
          [then, line = policy.line](resolver::route_planned& made) {
            if (!line.empty()) made.plan.reasons.insert(made.plan.reasons.begin(), line);
            then(std::move(made.plan));
          },
          [failed](caf::error& why) { failed(why); });
}

caf::result<route> router_state::find(const find_route& what) {
  if (what.to_primary_only) return route{}; // those stand before us
  if (auto known = find_by_settings(what.destination)) return std::move(*known);
  auto pending = self->make_response_promise<route>();
  open_answer<route> answer(pending);
  plan(
      what.destination,
      [this, answer, to = what.destination](const planning::plan& made) {
        answer.deliver(route_of(made, ours.port, mailauth::to_query_name(to).value_or(std::string{})));
      },
      [answer, to = what.destination](const caf::error& failed) {
        route none;
        none.failed = smtp_client::outcome_of(smtp_client::lookup_failure::server_failure, to);
        none.failed->reason += ": " + describe(failed);
        none.failed->is_ours = true;
        answer.deliver(std::move(none));
      });
  return pending;
}

caf::result<route> router_state::find_outgoing(const find_gateway& what) {
  if (scope == conf::outbound_scope::none) return waiting("it waits here: outbound.deliver is none");
  const auto now = gateways->get();
  const auto at = std::find_if(now->outgoing.begin(), now->outgoing.end(),
                               [&](const auto& each) { return each.number == what.number; });
  if (at == now->outgoing.end()) {
    route none;
    none.failed = smtp_client::own_trouble(smtp_client::stage::routing, "The gateway is there no more");
    return none;
  }
  const auto gateway = *at;
  if (const auto literal = mailauth::parse_client_address(gateway.settings.address))
    return route_through(gateway, {*literal}, {});
  const auto name = mailauth::to_query_name(gateway.settings.address);
  if (!name) return route_through(gateway, {}, "this is no host name");
  struct found {
    size_t open = 0;
    std::vector<dns::ip_address> v6, v4;
    std::string problem;
  };
  const auto all = std::make_shared<found>();
  auto pending = self->make_response_promise<route>();
  open_answer<route> answer(pending);
  const auto heard = [all, answer, gateway](std::string problem) {
    if (!problem.empty()) all->problem = std::move(problem);
    if (--all->open != 0) return;
    auto addresses = std::move(all->v6);
    addresses.insert(addresses.end(), all->v4.begin(), all->v4.end());
    answer.deliver(route_through(gateway, addresses, all->problem));
  };
  const auto ask = [&](dns::record_type type, std::vector<dns::ip_address>& into) {
    ++all->open;
    resolver::look_up question{{type, *name}};
    self->request(resolver, caf::infinite, std::move(question))
        .then(
            [heard, all, &into](resolver::looked_up& said) {
              into = std::move(said.said.addresses);
              heard(std::move(said.said.problem));
            },
            [heard](caf::error& failed) { heard(describe(failed)); });
  };
  ask(dns::record_type::aaaa, all->v6);
  ask(dns::record_type::a, all->v4);
  return pending;
}

std::vector<std::string> router_state::gateway_lines(const std::string& destination,
                                                     priority_set& rest) const {
  std::vector<std::string> lines;
  rest = 0;
  const auto now = gateways->get();
  const lane_table table(settings->get()->smtp_out, *now);
  for (const auto& each : table.of(destination)) {
    if (each.gateways.empty()) rest |= each.priorities;
    std::string names;
    for (const auto& gateway : now->outgoing)
      if (std::find(each.gateways.begin(), each.gateways.end(), gateway.number) != each.gateways.end())
        names += (names.empty() ? "" : " or ") + text_of(gateway);
    if (!names.empty())
      lines.push_back("priority " + text_of(each.priorities) + ": through gateway " + names);
  }
  if (!lines.empty() && rest != 0) lines.push_back("priority " + text_of(rest) + ":");
  return lines;
}

caf::result<route_explained> router_state::explain(const explain_route& what) {
  const auto known = find_by_settings(what.destination);
  priority_set rest = all_priorities;
  std::vector<std::string> lines;
  if (scope != conf::outbound_scope::none) lines = gateway_lines(what.destination, rest);
  if (rest == 0) return route_explained{std::move(lines)};
  if (known) {
    lines.push_back(known->waits ? known->reason : line_of(*known));
    return route_explained{std::move(lines)};
  }
  auto pending = self->make_response_promise<route_explained>();
  open_answer<route_explained> answer(pending);
  plan(
      what.destination,
      [answer, lines](const planning::plan& made) {
        auto all = lines;
        for (auto& each : planning::explain(made)) all.push_back(std::move(each));
        answer.deliver(route_explained{std::move(all)});
      },
      [answer, lines](const caf::error& failed) {
        auto all = lines;
        all.push_back("cannot be looked up now: " + describe(failed));
        answer.deliver(route_explained{std::move(all)});
      });
  return pending;
}

router_actor::behavior_type router(router_actor::stateful_pointer<router_state> self,
                                   resolver::resolver_actor resolver, live_settings_ptr settings,
                                   planning::destination ours, conf::outbound_scope scope,
                                   live_gateways_ptr gateways, sts::policies_actor policies) {
  outlive_stray_errors(self);
  auto& state = self->state;
  state.self = self;
  state.resolver = std::move(resolver);
  state.settings = std::move(settings);
  state.ours = std::move(ours);
  state.scope = scope;
  state.policies = std::move(policies);
  state.gateways = std::move(gateways);
  return {
      [self](const find_route& what) { return self->state.find(what); },
      [self](const find_gateway& what) { return self->state.find_outgoing(what); },
      [self](const explain_route& what) { return self->state.explain(what); },
  };
}

} // namespace stagepost::outbound
