#include "actors/outbound/lanes.hpp"

#include <gtest/gtest.h>

namespace stagepost::outbound {
namespace {

outgoing_gateway gateway_taking(uint64_t number, uint32_t from, uint32_t to) {
  outgoing_gateway made;
  made.number = number;
  made.name = "g" + std::to_string(number);
  made.settings.address = "192.0.2.1";
  made.settings.priority_from = from;
  made.settings.priority_to = to;
  return made;
}

std::vector<uint64_t> gateways_of(const lane_table& table, uint8_t priority,
                                  const std::string& to = "x.test") {
  for (const auto& each : table.of(to))
    if (each.has(priority)) return each.gateways;
  ADD_FAILURE() << "priority " << int(priority) << " is in no lane";
  return {};
}

TEST(Lanes, AreOneWithoutGateways) {
  const lane_table table;
  ASSERT_EQ(table.of("x.test").size(), 1u);
  EXPECT_EQ(table.of("x.test").front(), lane{});
  EXPECT_EQ(place_of("x.test", lane{}), "x.test");
}

TEST(Lanes, PartThePrioritiesByTheGatewaysThatTakeThem) {
  const lane_table table({}, {{gateway_taking(1, 1, 3), gateway_taking(2, 3, 5)}, {}});
  EXPECT_EQ(table.of("x.test").size(), 4u);
  EXPECT_EQ(gateways_of(table, 1), std::vector<uint64_t>{1});
  EXPECT_EQ(gateways_of(table, 3), (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(gateways_of(table, 5), std::vector<uint64_t>{2});
  EXPECT_TRUE(gateways_of(table, 6).empty());
  priority_set all = 0;
  for (const auto& each : table.of("x.test")) {
    EXPECT_EQ(all & each.priorities, 0); // in one only
    all |= each.priorities;
  }
  EXPECT_EQ(all, all_priorities);
}

TEST(Lanes, LeaveGatewaysThatAreOffAside) {
  auto off = gateway_taking(1, 1, 10);
  off.settings.enabled = false;
  const lane_table table({}, {{off}, {}});
  EXPECT_EQ(table.of("x.test").front(), lane{});
}

TEST(Lanes, OfADomainWithARouteOfItsOwnAreOne) {
  conf::smtp_out_settings settings;
  settings.routes = {"x.test=192.0.2.7", ".y.test=192.0.2.7", "*=192.0.2.8"};
  const lane_table table(settings, {{gateway_taking(1, 1, 3)}, {}});
  EXPECT_TRUE(gateways_of(table, 2, "x.test").empty());
  EXPECT_TRUE(gateways_of(table, 2, "a.y.test").empty());
  EXPECT_EQ(gateways_of(table, 2, "other.test"), std::vector<uint64_t>{1}); // nearer than the one for all
  EXPECT_TRUE(gateways_of(table, 4, "other.test").empty());
  EXPECT_TRUE(table.has_route("other.test"));
}

TEST(Lanes, OfADomainWhosePrimaryWeKnowAreOne) {
  incoming_gateway branch;
  branch.settings.addresses = {*conf::parse_network("192.0.2.8")};
  branch.settings.domains = {"branch.test"};
  const lane_table table({}, {{gateway_taking(1, 1, 10)}, {branch}});
  EXPECT_TRUE(gateways_of(table, 5, "branch.test").empty());
  EXPECT_TRUE(table.has_route("branch.test"));
  EXPECT_EQ(gateways_of(table, 5, "other.test"), std::vector<uint64_t>{1});
}

TEST(Lanes, HaveNamesOfTheirOwn) {
  const lane_table table({}, {{gateway_taking(1, 1, 1)}, {}});
  const auto& lanes = table.of("x.test");
  ASSERT_EQ(lanes.size(), 2u);
  EXPECT_NE(place_of("x.test", lanes[0]), place_of("x.test", lanes[1]));
  for (const auto& each : lanes) EXPECT_EQ(destination_in(place_of("x.test", each)), "x.test");
  EXPECT_EQ(destination_in("x.test"), "x.test");
}

TEST(Lanes, AreDescribedByTheirPriorities) {
  EXPECT_EQ(text_of(all_priorities), "1 to 10");
  EXPECT_EQ(text_of(1 << 1), "1");
  EXPECT_EQ(text_of(1 << 1 | 1 << 3 | 1 << 4 | 1 << 10), "1, 3 to 4, 10");
  EXPECT_EQ(text_of("x.test", lane{}), "x.test");
  EXPECT_EQ(text_of("x.test", lane{1 << 1, {1}}), "x.test, priority 1");
  EXPECT_EQ(text_of("x.test", lane{priority_set(all_priorities & ~2), {}}), "x.test, priorities 2 to 10");
}

} // namespace
} // namespace stagepost::outbound
