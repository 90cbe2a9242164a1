#include "actors/outbound/configured_routes.hpp"

#include <gtest/gtest.h>

namespace stagepost::outbound {
namespace {

conf::smtp_out_settings with_routes(std::vector<std::string> routes) {
  conf::smtp_out_settings made;
  made.routes = std::move(routes);
  return made;
}

std::string address_for(const conf::smtp_out_settings& settings, const std::string& destination) {
  const auto found = configured_route(settings, destination);
  return found ? found->hops.front().address : "none";
}

TEST(ConfiguredRoutes, TakeTheNearest) {
  const auto settings = with_routes({"*=192.0.2.1", ".example.org=192.0.2.2", ".mail.example.org=192.0.2.3",
                                     "example.org=192.0.2.4:2525 required"});
  EXPECT_EQ(address_for(settings, "example.com"), "192.0.2.1");
  EXPECT_EQ(address_for(settings, "www.example.org"), "192.0.2.2");
  EXPECT_EQ(address_for(settings, "a.mail.example.org"), "192.0.2.3");
  const auto found = configured_route(settings, "example.org");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->hops.front().port, 2525);
  EXPECT_EQ(found->hops.front().tls, smtp_client::tls_policy::required);
}

TEST(ConfiguredRoutes, AreNoneForOtherDomains) {
  EXPECT_EQ(address_for(with_routes({}), "example.org"), "none");
  EXPECT_EQ(address_for(with_routes({"example.org=192.0.2.4"}), "example.com"), "none");
}

TEST(ConfiguredRoutes, EncryptAsTheServerDoesUnlessTheySayOtherwise) {
  auto settings =
      with_routes({"a.test=192.0.2.1", "b.test=192.0.2.1 none", "c.test=192.0.2.1 opportunistic"});
  EXPECT_EQ(configured_route(settings, "a.test")->hops.front().tls, smtp_client::tls_policy::opportunistic);
  EXPECT_EQ(configured_route(settings, "b.test")->hops.front().tls, smtp_client::tls_policy::never);
  settings.use_tls = false;
  EXPECT_EQ(configured_route(settings, "a.test")->hops.front().tls, smtp_client::tls_policy::never);
  EXPECT_EQ(configured_route(settings, "c.test")->hops.front().tls, smtp_client::tls_policy::opportunistic);
}

TEST(ConfiguredRoutes, OfTwoForOneDomainTheFirstCounts) {
  const auto settings = with_routes({"example.org=192.0.2.1", "this is none", "example.org=192.0.2.2"});
  EXPECT_EQ(address_for(settings, "example.org"), "192.0.2.1");
}

TEST(ConfiguredRoutes, KnowWhichSettingsLeadElsewhere) {
  const conf::smtp_out_settings before;
  auto now = before;
  now.max_connections = 7;
  EXPECT_FALSE(lead_elsewhere(before, now));
  now.routes = {"example.org=192.0.2.1"};
  EXPECT_TRUE(lead_elsewhere(before, now));
  auto from = before;
  from.source_ipv4 = "192.0.2.9";
  EXPECT_TRUE(lead_elsewhere(before, from));
}

TEST(ConfiguredRoutes, OfADomainWithAllBelowItLeadToItselfToo) {
  const auto settings = with_routes({"*=192.0.2.1", ".example.org=192.0.2.2", ".org=192.0.2.3"});
  EXPECT_EQ(address_for(settings, "example.org"), "192.0.2.2");
  EXPECT_EQ(address_for(settings, "notexample.org"), "192.0.2.3");
  EXPECT_EQ(address_for(settings, "org"), "192.0.2.3");
}

} // namespace
} // namespace stagepost::outbound
