#include "actors/incoming_gateways.hpp"

#include <gtest/gtest.h>

namespace stagepost {
namespace {

using strings = std::vector<std::string>;

std::vector<conf::network> networks(const std::vector<const char*>& texts) {
  std::vector<conf::network> made;
  for (const auto* each : texts) made.push_back(*conf::parse_network(each));
  return made;
}

incoming_gateway gateway(const std::string& name, strings domains) {
  incoming_gateway made;
  made.name = name;
  made.settings.addresses = networks({"192.0.2.1"});
  made.settings.domains = std::move(domains);
  return made;
}

TEST(IncomingGateways, FindsTheOneThatListsADomainHoweverItIsSpelled) {
  const incoming_gateways all({gateway("a", {"One.test", "b\xc3\xbc"
                                                         "cher.test"}),
                               gateway("b", {"one.test", "two.test"})});
  ASSERT_TRUE(all.listing("one.TEST"));
  EXPECT_EQ(all.listing("one.TEST")->name, "a");
  EXPECT_EQ(all.listing("two.test")->name, "b");
  ASSERT_TRUE(all.listing("xn--bcher-kva.test"));
  EXPECT_FALSE(all.listing("sub.one.test"));
  EXPECT_FALSE(all.may_have("three.test"));
}

TEST(IncomingGateways, LeavesOutWhatIsSwitchedOffOrLeadsNowhere) {
  auto off = gateway("off", {"off.test"});
  off.settings.enabled = false;
  auto lost = gateway("lost", {"lost.test"});
  lost.settings.addresses.clear();
  lost.settings.retry_intervals = {std::chrono::minutes(10000)};
  const incoming_gateways all({off, lost, gateway("on", {})});
  EXPECT_FALSE(all.listing("off.test"));
  EXPECT_FALSE(all.listing("lost.test"));
  EXPECT_FALSE(all.named("off"));
  EXPECT_TRUE(all.named("on"));
  EXPECT_EQ(all.longest_wait(), std::chrono::minutes(1440));
}

TEST(IncomingGateways, HasOthersAskedForDomainsThatAreNotListed) {
  auto asks = gateway("asks", {"listed.test"});
  asks.settings.domain_verification = conf::domain_verification::mx;
  const incoming_gateways all({asks});
  EXPECT_FALSE(all.listing("listed.test"));
  EXPECT_TRUE(all.may_have("any.test"));
  EXPECT_EQ(all.asking().size(), 1u);
}

TEST(IncomingGateways, ShowsWhatIsInForce) {
  const auto live = std::make_shared<live_gateways>();
  incoming_view view(live);
  const auto before = view.get();
  EXPECT_EQ(view.get(), before);
  live->set({{}, {gateway("a", {"one.test"})}});
  EXPECT_TRUE(view.get()->listing("one.test"));
  EXPECT_FALSE(incoming_view{}.get()->listing("one.test"));
}

TEST(FirstAddresses, TakesTheFirstHostsOfARange) {
  EXPECT_EQ(first_addresses(networks({"192.0.2.1"}), 5), strings{"192.0.2.1"});
  EXPECT_EQ(first_addresses(networks({"192.0.2.0"}), 5), strings{"192.0.2.0"});
  EXPECT_EQ(first_addresses(networks({"192.0.2.0/24"}), 2), (strings{"192.0.2.1", "192.0.2.2"}));
  EXPECT_EQ(first_addresses(networks({"192.0.2.8-192.0.2.9", "2001:db8::1"}), 5),
            (strings{"192.0.2.8", "192.0.2.9", "2001:db8::1"}));
  EXPECT_EQ(first_addresses(networks({"::/0"}), 3).size(), 3u);
  EXPECT_EQ(first_addresses(networks({"255.255.255.254-255.255.255.255"}), 5).size(), 2u);
}

} // namespace
} // namespace stagepost
