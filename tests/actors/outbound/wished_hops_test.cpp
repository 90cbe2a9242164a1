#include "actors/outbound/wished_hops.hpp"

#include "actors/outbound/gateway_hops.hpp"

#include <gtest/gtest.h>

namespace stagepost::outbound {
namespace {

using smtp::tls_wish;
using smtp_client::fate;
using smtp_client::tls_policy;

next_hop hop(const char* host, bool name_is_proven = true) {
  next_hop made;
  made.host = made.identity.name = host;
  made.address = "192.0.2.1";
  made.policy_domain = "example.org";
  made.name_is_proven = name_is_proven;
  return made;
}

route to(std::vector<next_hop> hops) {
  route made;
  made.hops = std::move(hops);
  return made;
}

TEST(WishedHops, UsualMailTakesWhatThereIs) {
  const auto found = hops_for(tls_wish::none, to({hop("a.test"), hop("b.test", false)}));
  ASSERT_EQ(found.hops.size(), 2u);
  EXPECT_EQ(found.hops[0].tls, tls_policy::opportunistic);
  EXPECT_TRUE(found.left_out.empty());
}

// RFC 8689 4.2.1
TEST(WishedHops, MailThatRequiresTlsTakesOnlyProvenNamesAndAsksForTheirProof) {
  auto observed = hop("a.test");
  observed.identity.more_names = {"other.test"};
  observed.identity.observe = observed.is_unlisted = true;
  auto off = hop("c.test");
  off.tls = tls_policy::never;
  const auto found = hops_for(tls_wish::required, to({observed, hop("b.test", false), off}));
  ASSERT_EQ(found.hops.size(), 1u);
  const auto& strict = found.hops[0];
  EXPECT_EQ(strict.tls, tls_policy::required);
  EXPECT_EQ(strict.identity.name, "a.test");
  EXPECT_TRUE(strict.identity.verify);
  EXPECT_FALSE(strict.identity.observe || strict.is_unlisted);
  EXPECT_TRUE(strict.identity.more_names.empty());
  EXPECT_EQ(strict.security, "verified, REQUIRETLS");
  EXPECT_TRUE(strict.policy_domain.empty()); // the domain asked for no proof
  EXPECT_NE(found.left_out.find("b.test: neither DNSSEC nor MTA-STS"), std::string::npos) << found.left_out;
  EXPECT_NE(found.left_out.find("c.test: TLS is switched off"), std::string::npos) << found.left_out;
}

TEST(WishedHops, APinIsProofEnough) {
  auto pinned = hop("a.test");
  pinned.tls = tls_policy::required;
  pinned.identity.pins = {{3, 1, 1, bytes(32, 'x')}};
  pinned.identity.more_names = {"example.org"};
  const auto found = hops_for(tls_wish::required, to({pinned}));
  ASSERT_EQ(found.hops.size(), 1u);
  EXPECT_FALSE(found.hops[0].identity.verify);
  EXPECT_EQ(found.hops[0].identity.pins.size(), 1u);
  EXPECT_EQ(found.hops[0].identity.more_names.size(), 1u);
  EXPECT_EQ(found.hops[0].security, "dane, REQUIRETLS");
  EXPECT_EQ(found.hops[0].policy_domain, "example.org");
}

TEST(WishedHops, ALiteralIsProvenByItsAddress) {
  const auto found = hops_for(tls_wish::required, to({hop("[192.0.2.1]")}));
  ASSERT_EQ(found.hops.size(), 1u);
  EXPECT_EQ(found.hops[0].identity.name, "192.0.2.1");
}

TEST(WishedHops, AGatewayCountsAsARelayThatMustProveItself) {
  outgoing_gateway gateway;
  gateway.settings.address = "relay.test";
  gateway.settings.encryption = conf::gateway_tls::opportunistic;
  const auto found = hops_for(tls_wish::required, to({hop_to(gateway, "192.0.2.1")}));
  ASSERT_EQ(found.hops.size(), 1u);
  EXPECT_EQ(found.hops[0].identity.name, "relay.test");
  EXPECT_TRUE(found.hops[0].identity.verify);
  gateway.settings.encryption = conf::gateway_tls::none;
  EXPECT_TRUE(hops_for(tls_wish::required, to({hop_to(gateway, "192.0.2.1")})).hops.empty());
}

// RFC 8689 4.2.2: policies are the domain's; what the administrator demands stays.
TEST(WishedHops, MailForWhichTlsIsOptionalPassesOverPoliciesOnly) {
  auto way = to({hop("a.test")});
  way.hops[0].tls = tls_policy::required;
  EXPECT_EQ(hops_for(tls_wish::optional, way).hops.at(0).tls, tls_policy::required);
  way.without_policies = {hop("b.test"), hop("a.test")};
  EXPECT_EQ(hops_for(tls_wish::optional, way).hops.size(), 2u);
  EXPECT_EQ(hops_for(tls_wish::none, way).hops.size(), 1u);
}

TEST(WishedHops, SaysWhyThereIsNoWay) {
  auto way = to({hop("a.test", false)});
  way.without_policies = way.hops;
  auto why = no_hops_for(tls_wish::required, way);
  EXPECT_EQ(why.fate, fate::permanent);
  EXPECT_EQ(smtp_client::to_string(why.status), "5.7.10");
  EXPECT_NE(why.reason.find("a.test"), std::string::npos) << why.reason;
  // Another host may be there another time.
  way.without_policies.push_back(hop("b.test"));
  EXPECT_EQ(no_hops_for(tls_wish::required, way).fate, fate::temporary);
  way.failed = smtp_client::outcome_of(smtp_client::lookup_failure::null_mx, "example.org");
  EXPECT_EQ(smtp_client::to_string(no_hops_for(tls_wish::required, way).status), "5.1.10");
}

TEST(WishedHops, WaitsAsLongAsOneHostMayDoAnotherTime) {
  const auto never = smtp_client::own_decision(fate::permanent, smtp_client::stage::hello, {5, 7, 30}, "no");
  const auto later =
      smtp_client::outcome_of(smtp_client::connection_failure::refused, smtp_client::stage::connect);
  EXPECT_TRUE(says_more(tls_wish::required, later, never));
  EXPECT_FALSE(says_more(tls_wish::required, never, later));
  EXPECT_TRUE(says_more(tls_wish::none, never, later));
  const auto ours = smtp_client::own_trouble(smtp_client::stage::connect, "not here");
  EXPECT_FALSE(says_more(tls_wish::none, ours, later));
  EXPECT_TRUE(says_more(tls_wish::none, later, ours));
}

} // namespace
} // namespace stagepost::outbound
