#include "actors/outbound/router.hpp"

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

} // namespace
} // namespace stagepost::outbound
