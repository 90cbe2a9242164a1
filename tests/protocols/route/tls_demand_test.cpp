#include "tests/protocols/route/fake_zone.hpp"

namespace stagepost::route {
namespace {

using namespace testing;
using lines = std::vector<std::string>;

const bytes digest(32, 'd');

/// A domain with two proven hosts.
fake_dns proven() {
  fake_dns zones(validation::secure);
  zones.mx("example.org", 10, "a.example.org").mx("example.org", 20, "b.example.org");
  zones.address("a.example.org", "192.0.2.1").address("b.example.org", "192.0.2.2");
  return zones;
}

plan with_policy(const fake_dns& zones, sts_mode mode, lines patterns) {
  destination to;
  to.domain = "example.org";
  to.policy = sts_policy{mode, std::chrono::seconds(86400), std::move(patterns)};
  return make_plan(zones, to);
}

TEST(TlsDemand, WithoutRecordsAndPolicyTlsIsOpportunistic) {
  const auto made = make_plan(proven(), "example.org");
  ASSERT_EQ(made.hosts.size(), 2u) << told(made);
  EXPECT_EQ(made.hosts[0].tls.level, tls_level::opportunistic);
}

TEST(TlsDemand, ProvenRecordsOfAHostMustMatch) {
  auto zones = proven();
  zones.tlsa("a.example.org", 3, 1, 1, digest).tlsa("a.example.org", 1, 1, 1, digest);
  const auto made = make_plan(zones, "example.org");
  ASSERT_EQ(made.hosts.size(), 2u) << told(made);
  EXPECT_EQ(made.hosts[0].tls.level, tls_level::dane);
  ASSERT_EQ(made.hosts[0].tls.tlsa.size(), 1u) << "PKIX-EE is not for mail";
  EXPECT_EQ(made.hosts[0].tls.tlsa[0].data, digest);
  EXPECT_EQ(made.hosts[0].tls.names, (lines{"a.example.org", "example.org"}));
  EXPECT_EQ(made.hosts[1].tls.level, tls_level::opportunistic);
}

// RFC 7672 2.2: records that cannot be used still say that there is TLS.
TEST(TlsDemand, RecordsThatCannotBeUsedDemandEncryption) {
  auto zones = proven();
  zones.tlsa("a.example.org", 3, 1, 9, digest).tlsa("a.example.org", 0, 0, 1, digest);
  EXPECT_EQ(make_plan(zones, "example.org").hosts.at(0).tls.level, tls_level::encrypt);
}

TEST(TlsDemand, WhatIsNotProvenPinsNothing) {
  for (const auto* weak : {"example.org", "a.example.org", "_25._tcp.a.example.org"}) {
    auto zones = proven();
    zones.tlsa("a.example.org", 3, 1, 1, digest).is(weak, validation::insecure);
    EXPECT_EQ(make_plan(zones, "example.org").hosts.at(0).tls.level, tls_level::opportunistic) << weak;
  }
}

// RFC 7672 2.1: a look-up that fails may be an attack.
TEST(TlsDemand, AHostWhoseRecordsCannotBeLookedUpIsNotUsedNow) {
  for (const auto how : {validation::insecure, validation::bogus}) {
    auto zones = proven();
    zones.failed(record_type::tlsa, "_25._tcp.a.example.org", how);
    const auto made = make_plan(zones, "example.org");
    EXPECT_EQ(names_of(made), lines{"b.example.org"}) << told(made);
    zones.failed(record_type::tlsa, "_25._tcp.b.example.org", how);
    const auto none = make_plan(zones, "example.org");
    EXPECT_EQ(none.verdict, plan_verdict::temporary);
    EXPECT_EQ(smtp_client::to_string(none.status), "4.4.3");
  }
}

// RFC 7672 2.2.2
TEST(TlsDemand, AnAliasIsPinnedWhereItLeadsFirst) {
  auto zones = proven();
  zones.is("a.example.org", validation::secure, "real.example.net");
  zones.tlsa("a.example.org", 3, 1, 1, digest);
  const auto first = make_plan(zones, "example.org");
  EXPECT_EQ(first.hosts.at(0).tls.names, (lines{"a.example.org", "example.org"})) << told(first);
  zones.tlsa("real.example.net", 3, 1, 1, bytes(32, 'r'));
  const auto made = make_plan(zones, "example.org");
  EXPECT_EQ(made.hosts.at(0).tls.tlsa.at(0).data, bytes(32, 'r'));
  EXPECT_EQ(made.hosts.at(0).tls.names, (lines{"real.example.net", "a.example.org", "example.org"}));
}

TEST(TlsDemand, AProvenAliasThatLeadsOutOfWhatIsProvenIsPinnedByItsOwnName) {
  auto zones = proven();
  zones.is("a.example.org", validation::insecure, "real.example.net");
  zones.tlsa("a.example.org", 3, 1, 1, digest);
  EXPECT_EQ(make_plan(zones, "example.org").hosts.at(0).tls.level, tls_level::opportunistic);
  zones.alias("a.example.org", "real.example.net");
  EXPECT_EQ(make_plan(zones, "example.org").hosts.at(0).tls.level, tls_level::dane);
}

TEST(TlsDemand, WithoutMxTheDomainItselfMayBePinned) {
  fake_dns zones(validation::secure);
  zones.address("example.org", "192.0.2.1").tlsa("example.org", 2, 0, 2, bytes(64, 'd'));
  const auto made = make_plan(zones, "example.org");
  EXPECT_EQ(made.hosts.at(0).tls.level, tls_level::dane) << told(made);
  EXPECT_EQ(made.hosts.at(0).tls.names, lines{"example.org"});
}

TEST(TlsDemand, APolicyLeavesOutHostsItDoesNotName) {
  const auto made = with_policy(proven(), sts_mode::enforce, {"b.example.org"});
  EXPECT_EQ(names_of(made), lines{"b.example.org"}) << told(made);
  EXPECT_EQ(made.hosts[0].tls.level, tls_level::mta_sts);
  const auto none = with_policy(proven(), sts_mode::enforce, {"*.example.net"});
  EXPECT_EQ(none.verdict, plan_verdict::temporary);
  EXPECT_EQ(smtp_client::to_string(none.status), "4.7.5");
}

TEST(TlsDemand, APolicyThatIsTestedChangesNothing) {
  const auto made = with_policy(proven(), sts_mode::testing, {"b.example.org"});
  ASSERT_EQ(made.hosts.size(), 2u);
  EXPECT_EQ(made.hosts[0].tls.level, tls_level::opportunistic);
  EXPECT_NE(made.hosts[0].tls.reason.find("does not name"), std::string::npos);
  EXPECT_TRUE(made.hosts[0].tls.is_tested && made.hosts[0].tls.is_unlisted);
  EXPECT_TRUE(made.hosts[1].tls.is_tested && !made.hosts[1].tls.is_unlisted);
  EXPECT_EQ(with_policy(proven(), sts_mode::none, {}).hosts.size(), 2u);
}

// RFC 8461 2
TEST(TlsDemand, DaneGoesBeforeAPolicy) {
  auto zones = proven();
  zones.tlsa("a.example.org", 3, 1, 1, digest);
  const auto made = with_policy(zones, sts_mode::enforce, {"*.example.org"});
  EXPECT_EQ(made.hosts.at(0).tls.level, tls_level::dane);
  EXPECT_EQ(made.hosts.at(1).tls.level, tls_level::mta_sts);
}

// RFC 8689 4.2.1
TEST(TlsDemand, SaysWhichHostsAreProvenToBeTheRightOnes) {
  EXPECT_TRUE(make_plan(proven(), "example.org").hosts.at(0).name_is_proven);
  auto zones = proven();
  zones.is("example.org", validation::insecure);
  EXPECT_FALSE(make_plan(zones, "example.org").hosts.at(0).name_is_proven);
  EXPECT_FALSE(with_policy(zones, sts_mode::testing, {"a.example.org"}).hosts.at(0).name_is_proven);
  EXPECT_TRUE(with_policy(zones, sts_mode::enforce, {"a.example.org"}).hosts.at(0).name_is_proven);
  EXPECT_TRUE(make_plan(zones, "[192.0.2.7]").hosts.at(0).name_is_proven);
}

TEST(TlsDemand, ADomainWithoutMxIsItsOwnProvenHost) {
  fake_dns zones;
  zones.address("example.org", "192.0.2.1");
  EXPECT_TRUE(make_plan(zones, "example.org").hosts.at(0).name_is_proven);
}

// RFC 8689 4.2.2
TEST(TlsDemand, WhatAPolicyShutsOutIsPutAside) {
  const auto made = with_policy(proven(), sts_mode::enforce, {"b.example.org"});
  ASSERT_EQ(made.put_aside.size(), 1u);
  EXPECT_EQ(made.put_aside[0].name, "a.example.org");
  EXPECT_EQ(made.put_aside[0].tls.level, tls_level::opportunistic);
  EXPECT_FALSE(made.put_aside[0].name_is_proven);
  EXPECT_EQ(addresses_of(made.put_aside[0]), lines{"192.0.2.1"});
  const auto none = with_policy(proven(), sts_mode::enforce, {"*.example.net"});
  EXPECT_FALSE(none.can_deliver());
  EXPECT_EQ(none.put_aside.size(), 2u);
  auto zones = proven();
  zones.failed(record_type::tlsa, "_25._tcp.a.example.org", validation::bogus);
  EXPECT_EQ(make_plan(zones, "example.org").put_aside.size(), 1u);
  EXPECT_TRUE(make_plan(proven(), "example.org").put_aside.empty());
}

TEST(TlsDemand, PutsNoMoreAsideThanIsUsed) {
  destination to;
  to.domain = "example.org";
  to.policy = sts_policy{sts_mode::enforce, std::chrono::seconds(86400), {"other.example.org"}};
  to.limits.addresses = 1;
  EXPECT_EQ(make_plan(proven(), to).put_aside.size(), 1u);
}

TEST(TlsDemand, CanBeSwitchedOff) {
  auto zones = proven();
  zones.tlsa("a.example.org", 3, 1, 1, digest);
  destination to;
  to.domain = "example.org";
  to.use_dane = false;
  EXPECT_EQ(make_plan(zones, to).hosts.at(0).tls.level, tls_level::opportunistic);
  to.use_dane = true;
  to.use_tls = false;
  EXPECT_EQ(make_plan(zones, to).hosts.at(0).tls.level, tls_level::none);
}

} // namespace
} // namespace stagepost::route
