#include "actors/gateway/mx_check.hpp"

#include <gtest/gtest.h>

namespace stagepost::gateway {
namespace {

dns::ip_address address(const char* text) { return *mailauth::parse_client_address(text); }

class MxCheck : public ::testing::Test {
protected:
  MxCheck() {
    gateway.addresses = {*conf::parse_network("192.0.2.8-192.0.2.9")};
    ours.own_names = {"backup.test"};
    ours.own_addresses = {address("198.51.100.1")};
  }
  bool shows() const { return shows_gateway(hosts, gateway, ours); }

  conf::incoming_gateway_settings gateway;
  route::destination ours;
  const mx_host primary{"mail.test", 10, {address("192.0.2.9")}};
  const mx_host own{"mx2.test", 20, {address("198.51.100.1")}};
  const mx_host own_by_name{"backup.test", 20, {}};
  const mx_host stranger{"elsewhere.test", 5, {address("203.0.113.1")}};
  std::vector<mx_host> hosts;
};

TEST_F(MxCheck, TakesABackupForDomainsWhosePrimaryIsTheBetterHost) {
  hosts = {stranger, primary, own};
  EXPECT_TRUE(shows());
  hosts = {primary, own_by_name};
  EXPECT_TRUE(shows());
  hosts = {primary}; // we may stand behind a router that translates addresses
  EXPECT_TRUE(shows());
}

TEST_F(MxCheck, RefusesDomainsThatTheBackupIsNotOneFor) {
  hosts = {stranger, own};
  EXPECT_FALSE(shows());
  auto worse = primary;
  worse.preference = 30;
  hosts = {own, worse};
  EXPECT_FALSE(shows());
  worse.preference = own.preference;
  hosts = {own, worse};
  EXPECT_FALSE(shows());
  hosts = {};
  EXPECT_FALSE(shows());
}

TEST_F(MxCheck, ForwardsDomainsWhoseMailComesHere) {
  gateway.mode = conf::gateway_mode::domain_forwarding;
  hosts = {own};
  EXPECT_TRUE(shows());
  hosts = {own_by_name};
  EXPECT_TRUE(shows());
  hosts = {primary, stranger};
  EXPECT_FALSE(shows());
}

TEST_F(MxCheck, LooksAtTheBestHostsOnly) {
  dns::answer said;
  said.outcome = dns::outcome::found;
  for (uint16_t i = 0; i < 50; ++i)
    said.exchanges.push_back({uint16_t(100 - i), "MX" + std::to_string(i) + "."});
  const auto found = hosts_of(said);
  ASSERT_EQ(found.size(), most_mx_hosts);
  EXPECT_EQ(found.front().name, "mx49");
  EXPECT_EQ(found.front().preference, 51);
  said.exchanges = {{0, ""}};
  EXPECT_TRUE(hosts_of(said).empty());
}

} // namespace
} // namespace stagepost::gateway
