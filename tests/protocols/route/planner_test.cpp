#include "tests/protocols/route/fake_zone.hpp"

#include <set>

namespace stagepost::route {
namespace {

using namespace testing;
using lines = std::vector<std::string>;

destination towards(const std::string& domain) {
  destination to;
  to.domain = domain;
  return to;
}

std::string status_of(const plan& made) { return smtp_client::to_string(made.status); }

TEST(RoutePlan, HostsComeByPreference) {
  fake_dns zones;
  zones.mx("example.org", 30, "c.example.org").mx("example.org", 10, "a.example.org");
  zones.mx("example.org", 20, "b.example.org");
  for (const auto* name : {"a.example.org", "b.example.org", "c.example.org"})
    zones.address(name, "192.0.2.1");
  const auto made = make_plan(zones, "example.org");
  ASSERT_TRUE(made.can_deliver()) << told(made);
  EXPECT_EQ(names_of(made), (lines{"a.example.org", "b.example.org", "c.example.org"}));
  EXPECT_EQ(made.hosts[1].preference, 20);
}

// RFC 5321 5.1: equals are mixed, so that the load is spread.
TEST(RoutePlan, EqualHostsComeInAnOrderThatTheSeedDecides) {
  fake_dns zones;
  for (const auto* name : {"a.example.org", "b.example.org", "c.example.org"})
    zones.mx("example.org", 10, name).address(name, "192.0.2.1");
  zones.mx("example.org", 5, "first.example.org").address("first.example.org", "192.0.2.1");
  std::set<lines> orders;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    auto to = towards("example.org");
    to.seed = seed;
    const auto names = names_of(make_plan(zones, to));
    ASSERT_EQ(names.size(), 4u);
    EXPECT_EQ(names.front(), "first.example.org");
    EXPECT_EQ(names, names_of(make_plan(zones, to))) << "the same seed, the same order";
    orders.insert(names);
  }
  EXPECT_EQ(orders.size(), 6u);
}

TEST(RoutePlan, WithoutMxTheDomainIsItsOwnHost) {
  fake_dns zones;
  zones.address("example.org", "192.0.2.1").address("example.org", "2001:db8::1");
  const auto made = make_plan(zones, "Example.ORG");
  ASSERT_TRUE(made.can_deliver()) << told(made);
  EXPECT_EQ(names_of(made), lines{"example.org"});
  EXPECT_EQ(addresses_of(made.hosts[0]), (lines{"2001:db8::1", "192.0.2.1"}));
}

// RFC 5321 5.1: when there are MX records the domain's own addresses do not count.
TEST(RoutePlan, MxRecordsThatLeadNowhereAreNoReasonToTryTheDomainItself) {
  fake_dns zones;
  zones.mx("example.org", 10, "gone.example.org").address("example.org", "192.0.2.1");
  const auto made = make_plan(zones, "example.org");
  EXPECT_EQ(made.verdict, plan_verdict::permanent);
  EXPECT_EQ(status_of(made), "5.4.4");
}

struct failing_case {
  const char* what;
  fake_dns zones;
  destination to;
  plan_verdict verdict;
  const char* status;
};

TEST(RoutePlan, FailuresHaveTheirCodes) {
  const auto ours = [] {
    auto to = towards("example.org");
    to.own_names = {"MX.us.example"};
    to.own_addresses = {*mailauth::parse_ipv4("192.0.2.99")};
    return to;
  }();
  auto literal_of_ours = ours;
  literal_of_ours.domain = "[192.0.2.99]";
  auto only_v6 = towards("example.org");
  only_v6.use_ipv4 = false;
  const std::vector<failing_case> cases{
      {"no such domain", fake_dns(), towards("nowhere.example"), plan_verdict::permanent, "5.1.2"},
      {"no name", fake_dns(), towards("exa mple.org"), plan_verdict::permanent, "5.1.2"},
      {"empty", fake_dns(), towards(""), plan_verdict::permanent, "5.1.2"},
      {"a label too long", fake_dns(), towards(std::string(64, 'a') + ".org"), plan_verdict::permanent,
       "5.1.2"},
      {"null MX, RFC 7505", fake_dns().mx("example.org", 0, ""), towards("example.org"),
       plan_verdict::permanent, "5.1.10"},
      {"neither MX nor address", fake_dns().mx("sub.example.org", 1, "x"), towards("example.org"),
       plan_verdict::permanent, "5.4.4"},
      {"MX without address", fake_dns().mx("example.org", 1, "x.example.org"), towards("example.org"),
       plan_verdict::permanent, "5.4.4"},
      {"MX with a name that is none", fake_dns().mx("example.org", 1, "not a name"), towards("example.org"),
       plan_verdict::permanent, "5.4.4"},
      {"no address of a family we use",
       fake_dns().mx("example.org", 1, "x.example.org").address("x.example.org", "192.0.2.1"), only_v6,
       plan_verdict::permanent, "5.4.4"},
      {"MX cannot be looked up", fake_dns().failed(record_type::mx, "example.org"), towards("example.org"),
       plan_verdict::temporary, "4.4.3"},
      {"MX is bogus", fake_dns().failed(record_type::mx, "example.org", validation::bogus),
       towards("example.org"), plan_verdict::temporary, "4.7.5"},
      {"an address cannot be looked up",
       fake_dns().mx("example.org", 1, "x.example.org").failed(record_type::a, "x.example.org"),
       towards("example.org"), plan_verdict::temporary, "4.4.3"},
      {"our name is the best", fake_dns().mx("example.org", 1, "mx.us.example"), ours,
       plan_verdict::permanent, "5.4.6"},
      {"our address is the best",
       fake_dns().mx("example.org", 1, "x.example.org").address("x.example.org", "192.0.2.99"), ours,
       plan_verdict::permanent, "5.4.6"},
      {"the domain itself is us", fake_dns().address("example.org", "192.0.2.99"), ours,
       plan_verdict::permanent, "5.4.6"},
      {"our address as a literal", fake_dns(), literal_of_ours, plan_verdict::permanent, "5.4.6"},
      {"a literal that is none", fake_dns(), towards("[192.0.2.300]"), plan_verdict::permanent, "5.1.3"},
      {"a general literal", fake_dns(), towards("[x400:c=no]"), plan_verdict::permanent, "5.1.3"},
      {"a literal without its end", fake_dns(), towards("[192.0.2.1"), plan_verdict::permanent, "5.1.3"},
  };
  for (const auto& each : cases) {
    const auto made = make_plan(each.zones, each.to);
    SCOPED_TRACE(each.what);
    EXPECT_EQ(made.verdict, each.verdict) << told(made);
    EXPECT_EQ(status_of(made), each.status) << told(made);
    EXPECT_TRUE(made.problem.ends_with('.')) << made.problem;
    EXPECT_TRUE(made.hosts.empty());
  }
}

TEST(RoutePlan, ANullMxAmongOthersMeansNothing) {
  fake_dns zones;
  zones.mx("example.org", 0, "").mx("example.org", 10, "a.example.org").address("a.example.org", "192.0.2.1");
  EXPECT_EQ(names_of(make_plan(zones, "example.org")), lines{"a.example.org"});
}

// RFC 5321 5.1: a backup host sends to better hosts only.
TEST(RoutePlan, WhoIsOnTheListSendsToBetterHostsOnly) {
  fake_dns zones;
  zones.mx("example.org", 10, "best.example.org").mx("example.org", 20, "mx.us.example");
  zones.mx("example.org", 20, "equal.example.org").mx("example.org", 30, "worse.example.org");
  for (const auto* name : {"best.example.org", "mx.us.example", "equal.example.org", "worse.example.org"})
    zones.address(name, "192.0.2.1");
  auto to = towards("example.org");
  to.own_names = {"mx.us.example"};
  EXPECT_EQ(names_of(make_plan(zones, to)), lines{"best.example.org"});
  zones.address("mx.us.example", "192.0.2.99");
  to.own_names = {};
  to.own_addresses = {*mailauth::parse_ipv4("192.0.2.99")};
  const auto made = make_plan(zones, to);
  EXPECT_EQ(names_of(made), lines{"best.example.org"});
  EXPECT_NE(told(made).find("we are mx.us.example ourselves"), std::string::npos) << told(made);
}

TEST(RoutePlan, OneHostThatCannotBeLookedUpDoesNotStopTheOthers) {
  fake_dns zones;
  zones.mx("example.org", 10, "a.example.org").mx("example.org", 20, "b.example.org");
  zones.failed(record_type::a, "a.example.org").failed(record_type::aaaa, "a.example.org");
  zones.address("b.example.org", "192.0.2.1");
  const auto made = make_plan(zones, "example.org");
  EXPECT_EQ(names_of(made), lines{"b.example.org"});
  EXPECT_NE(told(made).find("10 a.example.org is left out: no answer came in time"), std::string::npos)
      << told(made);
}

TEST(RoutePlan, OneFamilyThatCannotBeLookedUpLeavesTheOther) {
  fake_dns zones;
  zones.mx("example.org", 10, "a.example.org").address("a.example.org", "192.0.2.1");
  zones.failed(record_type::aaaa, "a.example.org");
  EXPECT_EQ(addresses_of(make_plan(zones, "example.org").hosts.at(0)), lines{"192.0.2.1"});
}

TEST(RoutePlan, FamiliesTakeTurns) {
  fake_dns zones;
  zones.mx("example.org", 10, "a.example.org");
  for (const auto* each : {"192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"})
    zones.address("a.example.org", each);
  auto to = towards("example.org");
  auto got = addresses_of(make_plan(zones, to).hosts.at(0));
  ASSERT_EQ(got.size(), 4u);
  EXPECT_EQ(got[0], "2001:db8::1");
  to.use_ipv6 = false;
  got = addresses_of(make_plan(zones, to).hosts.at(0));
  EXPECT_EQ(std::set<std::string>(got.begin(), got.end()),
            (std::set<std::string>{"192.0.2.1", "192.0.2.2", "192.0.2.3"}));
}

TEST(RoutePlan, LooksAtNoMoreThanTheLimits) {
  fake_dns zones;
  for (int i = 0; i < 50; ++i) {
    const auto host = "h" + std::to_string(i) + ".example.org";
    zones.mx("example.org", uint16_t(i), host);
    for (int j = 1; j < 40; ++j) zones.address(host, "192.0.2." + std::to_string(j));
  }
  auto to = towards("example.org");
  to.limits = {.hosts = 4, .addresses_per_host = 3, .addresses = 8};
  const auto made = make_plan(zones, to);
  EXPECT_EQ(names_of(made), (lines{"h0.example.org", "h1.example.org", "h2.example.org"}));
  EXPECT_EQ(made.hosts[0].addresses.size(), 3u);
  EXPECT_EQ(made.hosts[2].addresses.size(), 2u);
}

TEST(RoutePlan, ALiteralNeedsNoLookUp) {
  const auto v4 = make_plan(fake_dns(), "[192.0.2.1]");
  ASSERT_TRUE(v4.can_deliver()) << told(v4);
  EXPECT_EQ(names_of(v4), lines{"[192.0.2.1]"});
  EXPECT_EQ(addresses_of(v4.hosts[0]), lines{"192.0.2.1"});
  EXPECT_EQ(addresses_of(make_plan(fake_dns(), "[IPv6:2001:DB8::1]").hosts.at(0)), lines{"2001:db8::1"});
  EXPECT_EQ(addresses_of(make_plan(fake_dns(), "[ipv6:::ffff:192.0.2.7]").hosts.at(0)), lines{"192.0.2.7"});
}

TEST(RoutePlan, AnInternationalDomainIsLookedUpByItsALabels) {
  fake_dns zones;
  zones.mx("xn--bcher-kva.example", 10, "mx.example").address("mx.example", "192.0.2.1");
  EXPECT_EQ(names_of(make_plan(zones, "Bücher.example")), lines{"mx.example"});
}

TEST(RoutePlan, TellsPeopleWhatItFoundAndWhy) {
  fake_dns zones;
  zones.mx("example.org", 10, "a.example.org").mx("example.org", 20, "gone.example.org");
  zones.address("a.example.org", "192.0.2.1").address("a.example.org", "2001:db8::1");
  EXPECT_EQ(told(make_plan(zones, "example.org")),
            "2 MX of example.org, insecure\n"
            "20 gone.example.org is left out: it has no address we can use\n"
            "10 a.example.org: 2001:db8::1, 192.0.2.1; TLS opportunistic\n");
  EXPECT_EQ(told(make_plan(zones, "nowhere.example")), "never: 5.1.2 There is no domain nowhere.example.\n");
}

} // namespace
} // namespace stagepost::route
