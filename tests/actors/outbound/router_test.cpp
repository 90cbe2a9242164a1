#include "actors/outbound/router.hpp"

#include "actors/outbound/gateway_hops.hpp"

#include <gtest/gtest.h>

namespace stagepost::outbound {
namespace {

namespace planning = stagepost::route;

dns::ip_address address(const char* text) { return *mailauth::parse_client_address(text); }

planning::mail_host host(const char* name, planning::tls_level level) {
  planning::mail_host made{name, 10, {address("192.0.2.1")}, {}};
  made.tls.level = level;
  made.tls.names = {name, "example.org"};
  return made;
}

planning::plan to_hosts(std::vector<planning::mail_host> hosts) {
  planning::plan made;
  made.verdict = planning::plan_verdict::deliver;
  made.hosts = std::move(hosts);
  made.reasons = {"1 MX of example.org, secure"};
  return made;
}

planning::plan failure(planning::plan_verdict verdict, smtp_client::status_code status) {
  planning::plan made;
  made.verdict = verdict;
  made.status = status;
  made.problem = "So it is.";
  return made;
}

TEST(Router, TriesEveryAddressOfEveryHostInOrder) {
  auto first = host("a.example.org", planning::tls_level::opportunistic);
  first.addresses = {address("2001:db8::1"), address("192.0.2.1")};
  const auto found = route_of(to_hosts({first, host("b.example.org", planning::tls_level::none)}), 2525);
  ASSERT_FALSE(found.failed);
  ASSERT_EQ(found.hops.size(), 3u);
  EXPECT_EQ(found.hops[0].address, "2001:db8::1");
  EXPECT_EQ(found.hops[1].address, "192.0.2.1");
  EXPECT_EQ(found.hops[2].host, "b.example.org");
  EXPECT_EQ(found.hops[2].port, 2525);
  EXPECT_TRUE(found.reason.starts_with("1 MX of example.org, secure; 10 a.example.org: 2001:db8::1"))
      << found.reason;
}

TEST(Router, KnowsTheWayWithoutTheDomainsPoliciesAsWell) {
  auto plan = to_hosts({host("b.example.org", planning::tls_level::mta_sts)});
  plan.hosts[0].name_is_proven = true;
  plan.put_aside = {host("a.example.org", planning::tls_level::opportunistic)};
  plan.put_aside[0].preference = 5;
  const auto found = route_of(plan, 25, "example.org");
  ASSERT_EQ(found.hops.size(), 1u);
  EXPECT_TRUE(found.hops[0].name_is_proven);
  ASSERT_EQ(found.without_policies.size(), 2u);
  EXPECT_EQ(found.without_policies[0].host, "a.example.org"); // the better one
  for (const auto& each : found.without_policies) {
    EXPECT_EQ(each.tls, smtp_client::tls_policy::opportunistic);
    EXPECT_FALSE(each.identity.verify);
    EXPECT_TRUE(each.policy_domain.empty());
  }
  auto none = failure(planning::plan_verdict::temporary, {4, 7, 5});
  none.put_aside = plan.put_aside;
  const auto failed = route_of(none, 25, "example.org");
  EXPECT_TRUE(failed.failed);
  EXPECT_TRUE(failed.hops.empty());
  EXPECT_EQ(failed.without_policies.size(), 1u);
}

TEST(Router, DemandsOfTlsWhatThePlanDemands) {
  const auto hop = [](planning::tls_level level) {
    auto made = host("a.example.org", level);
    if (level == planning::tls_level::dane) made.tls.tlsa = {{3, 1, 1, bytes(32, 'x')}};
    return route_of(to_hosts({made}), 25).hops.front();
  };
  using smtp_client::tls_policy;
  EXPECT_EQ(hop(planning::tls_level::none).tls, tls_policy::never);
  EXPECT_EQ(hop(planning::tls_level::opportunistic).tls, tls_policy::opportunistic);
  EXPECT_EQ(hop(planning::tls_level::encrypt).tls, tls_policy::required);
  EXPECT_FALSE(hop(planning::tls_level::encrypt).identity.verify);
  const auto pinned = hop(planning::tls_level::dane);
  EXPECT_EQ(pinned.tls, tls_policy::required);
  EXPECT_EQ(pinned.identity.pins.size(), 1u);
  EXPECT_EQ(pinned.identity.name, "a.example.org");
  EXPECT_EQ(pinned.identity.more_names, std::vector<std::string>{"example.org"});
  const auto proven = hop(planning::tls_level::mta_sts);
  EXPECT_EQ(proven.tls, tls_policy::required);
  EXPECT_TRUE(proven.identity.verify);
}

TEST(Router, SaysWhosePolicyItIsThatAHostIsHeldAgainst) {
  using planning::tls_level;
  using storage::tls_policy_kind;
  const auto hop = [](tls_level level, bool tested = false, bool unlisted = false) {
    auto made = host("a.example.org", level);
    made.tls.is_tested = tested;
    made.tls.is_unlisted = unlisted;
    return route_of(to_hosts({made}), 25, "example.org").hops.front();
  };
  EXPECT_EQ(hop(tls_level::opportunistic).policy, tls_policy_kind::none_found);
  EXPECT_EQ(hop(tls_level::opportunistic).policy_domain, "example.org");
  EXPECT_FALSE(hop(tls_level::opportunistic).identity.observe);
  EXPECT_EQ(hop(tls_level::mta_sts).policy, tls_policy_kind::sts);
  EXPECT_EQ(hop(tls_level::dane).policy, tls_policy_kind::tlsa);
  EXPECT_EQ(hop(tls_level::dane).policy_domain, "a.example.org");
  const auto tested = hop(tls_level::opportunistic, true, true);
  EXPECT_EQ(tested.policy, tls_policy_kind::sts);
  EXPECT_TRUE(tested.identity.observe && tested.is_unlisted);
  EXPECT_FALSE(tested.identity.verify);
  EXPECT_EQ(tested.tls, smtp_client::tls_policy::opportunistic);
}

TEST(Router, BouncesAtOnceOnlyWhatNoRepairOfAZoneCanHelp) {
  using planning::plan_verdict;
  using smtp_client::fate;
  const auto fate_of = [](plan_verdict verdict, smtp_client::status_code status) {
    const auto found = route_of(failure(verdict, status), 25);
    EXPECT_TRUE(found.failed);
    EXPECT_EQ(found.failed->is_lookup_failure, status.subject != 7);
    // Only where there is no such place fewer attempts are made.
    EXPECT_EQ(found.failed->is_missing,
              found.failed->fate == fate::temporary && verdict == plan_verdict::permanent);
    return found.failed->fate;
  };
  EXPECT_EQ(fate_of(plan_verdict::permanent, {5, 1, 10}), fate::permanent);
  EXPECT_EQ(fate_of(plan_verdict::permanent, {5, 4, 6}), fate::permanent);
  EXPECT_EQ(fate_of(plan_verdict::permanent, {5, 1, 3}), fate::permanent);
  EXPECT_EQ(fate_of(plan_verdict::permanent, {5, 1, 2}), fate::temporary);
  EXPECT_EQ(fate_of(plan_verdict::permanent, {5, 4, 4}), fate::temporary);
  EXPECT_EQ(fate_of(plan_verdict::temporary, {4, 4, 3}), fate::temporary);
  EXPECT_EQ(fate_of(plan_verdict::temporary, {4, 7, 5}), fate::temporary);
}

std::optional<route> by_settings(conf::outbound_scope scope, std::vector<std::string> routes) {
  router_state state;
  state.scope = scope;
  conf::system_settings settings;
  settings.smtp_out.routes = std::move(routes);
  state.settings = std::make_shared<live_settings>(settings);
  return state.find_by_settings("x.test");
}

TEST(Router, AsksTheDnsOnlyWhereThisNodeMaySendToItsHosts) {
  using conf::outbound_scope;
  EXPECT_FALSE(by_settings(outbound_scope::all, {}));
  const auto without = by_settings(outbound_scope::routes, {"y.test=192.0.2.1"});
  ASSERT_TRUE(without);
  EXPECT_TRUE(without->waits);
  ASSERT_TRUE(without->failed);
  EXPECT_TRUE(without->failed->is_ours);
  EXPECT_TRUE(without->hops.empty());
  const auto with = by_settings(outbound_scope::routes, {"x.test=192.0.2.1"});
  ASSERT_TRUE(with);
  EXPECT_FALSE(with->waits);
  EXPECT_EQ(with->hops.size(), 1u);
  EXPECT_TRUE(by_settings(outbound_scope::none, {"x.test=192.0.2.1"})->waits);
}

outgoing_gateway gateway_with(conf::gateway_tls encryption) {
  outgoing_gateway made;
  made.number = 1;
  made.name = "lists";
  made.password = "secret";
  made.settings.address = "gw.example.org";
  made.settings.port = 587;
  made.settings.user = "us";
  made.settings.encryption = encryption;
  return made;
}

TEST(Router, EncryptsTheWayToAGatewayAsItsSettingsSay) {
  using conf::gateway_tls;
  using smtp_client::tls_policy;
  const auto hop = [](gateway_tls encryption) { return hop_to(gateway_with(encryption), "192.0.2.1"); };
  EXPECT_EQ(hop(gateway_tls::none).tls, tls_policy::never);
  EXPECT_EQ(hop(gateway_tls::opportunistic).tls, tls_policy::opportunistic);
  EXPECT_FALSE(hop(gateway_tls::opportunistic).identity.verify);
  const auto by_command = hop(gateway_tls::starttls), at_once = hop(gateway_tls::ssl);
  EXPECT_EQ(by_command.tls, tls_policy::required);
  EXPECT_FALSE(by_command.tls_first);
  EXPECT_TRUE(at_once.tls_first);
  for (const auto& each : {by_command, at_once}) {
    EXPECT_TRUE(each.identity.verify);
    EXPECT_EQ(each.identity.name, "gw.example.org");
    EXPECT_EQ(each.port, 587);
  }
  auto lenient = gateway_with(gateway_tls::ssl);
  lenient.settings.verify_certificate = false;
  EXPECT_FALSE(hop_to(lenient, "192.0.2.1").identity.verify);
}

TEST(Router, ShowsAPasswordToTheNetworkOnlyWhereNoEncryptionWasChosen) {
  using conf::gateway_tls;
  for (const auto each : {gateway_tls::opportunistic, gateway_tls::starttls, gateway_tls::ssl})
    EXPECT_FALSE(hop_to(gateway_with(each), "192.0.2.1").password_in_clear);
  const auto open = hop_to(gateway_with(gateway_tls::none), "192.0.2.1");
  EXPECT_TRUE(open.password_in_clear);
  ASSERT_TRUE(open.login);
  EXPECT_EQ(open.login->user, "us");
  EXPECT_EQ(open.login->password, "secret");
  auto nobody = gateway_with(gateway_tls::none);
  nobody.settings.user.clear();
  EXPECT_FALSE(hop_to(nobody, "192.0.2.1").login);
}

TEST(Router, LetsMailWaitForAGatewayWithoutAddressAndNeverCallsItsDomainMissing) {
  const auto found = route_through(gateway_with(conf::gateway_tls::none), {}, "there is no such name");
  ASSERT_TRUE(found.failed);
  EXPECT_EQ(found.failed->fate, smtp_client::fate::temporary);
  EXPECT_FALSE(found.failed->is_missing);
  EXPECT_FALSE(found.failed->is_lookup_failure);
  EXPECT_NE(found.failed->reason.find("lists"), std::string::npos);
  EXPECT_EQ(
      route_through(gateway_with(conf::gateway_tls::none), {address("192.0.2.1"), address("2001:db8::1")}, {})
          .hops.size(),
      2u);
}

TEST(Router, ExplainsGatewaysByPriority) {
  router_state state;
  conf::system_settings settings;
  settings.smtp_out.routes = {"own.test=192.0.2.1"};
  state.settings = std::make_shared<live_settings>(settings);
  auto lists = gateway_with(conf::gateway_tls::starttls);
  lists.settings.priority_to = 1;
  state.gateways = std::make_shared<live_gateways>(gateway_set{{lists}, {}});
  priority_set rest = 0;
  EXPECT_EQ(state.gateway_lines("x.test", rest),
            (std::vector<std::string>{"priority 1: through gateway lists (gw.example.org:587, TLS verified)",
                                      "priority 2 to 10:"}));
  EXPECT_EQ(rest, all_priorities & ~(1 << 1));
  EXPECT_TRUE(state.gateway_lines("own.test", rest).empty());
  EXPECT_EQ(rest, all_priorities);
}

} // namespace
} // namespace stagepost::outbound
