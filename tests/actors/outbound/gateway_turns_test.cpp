#include "actors/outbound/gateway_turns.hpp"

#include <gtest/gtest.h>

namespace stagepost::outbound {
namespace {

using namespace std::chrono_literals;

class GatewayTurns : public ::testing::Test {
protected:
  static outgoing_gateway gateway(uint64_t number, uint32_t most = 100) {
    outgoing_gateway made;
    made.number = number;
    made.name = "g" + std::to_string(number);
    made.settings.address = "192.0.2.1";
    made.settings.max_connections = most;
    return made;
  }
  void use(std::vector<outgoing_gateway> gateways) {
    turns_.use(std::make_shared<const gateway_set>(gateway_set{std::move(gateways), {}}));
  }
  uint64_t choose(std::vector<uint64_t> among = {1, 2}) {
    const auto found = turns_.choose(among, now_);
    return found ? found->number : 0;
  }
  /// How many of a hundred connections each gets; all are closed again.
  std::map<uint64_t, int> shares(std::vector<uint64_t> among = {1, 2}) {
    std::map<uint64_t, int> found;
    for (int i = 0; i < 100; ++i) {
      const auto one = choose(among);
      ++found[one];
      turns_.closed(one);
    }
    return found;
  }

  gateway_turns turns_;
  gateway_turns::instant now_{1h};
};

TEST_F(GatewayTurns, TakesThemInTurn) {
  use({gateway(1), gateway(2)});
  const auto first = choose();
  const auto second = choose();
  EXPECT_NE(first, second);
  EXPECT_EQ(choose(), first);
  EXPECT_EQ(shares()[1], 50);
}

TEST_F(GatewayTurns, GivesMoreToWhomFewerWait) {
  use({gateway(1), gateway(2)});
  turns_.told(1, 0, now_);
  turns_.told(2, 90, now_);
  auto found = shares();
  EXPECT_GT(found[1], 85);
  EXPECT_GT(found[2], 5); // some all the same
  turns_.told(1, 5000, now_);
  turns_.told(2, 5000, now_);
  found = shares();
  EXPECT_NEAR(found[1], 50, 1);
}

TEST_F(GatewayTurns, ForgetsWhatAGatewaySaidLongAgo) {
  use({gateway(1), gateway(2)});
  turns_.told(1, 0, now_);
  turns_.told(2, 10000, now_);
  now_ += 2min;
  EXPECT_NEAR(shares()[1], 50, 1);
}

TEST_F(GatewayTurns, CountsWhoDoesNotSayAsTheAverage) {
  use({gateway(1), gateway(2), gateway(3)});
  turns_.told(1, 0, now_);
  turns_.told(2, 1000000, now_);
  auto found = shares({1, 2, 3});
  EXPECT_GT(found[1], found[3]);
  EXPECT_GT(found[3], found[2]);
}

TEST_F(GatewayTurns, LeavesWhatFailedAloneForAWhile) {
  use({gateway(1), gateway(2)});
  turns_.failed(1, now_);
  EXPECT_EQ(shares()[2], 100);
  now_ += 31s;
  EXPECT_GT(shares()[1], 0);
  turns_.failed(1, now_);
  now_ += 31s;
  EXPECT_EQ(shares()[1], 0); // longer each time
  now_ += 30s;
  EXPECT_GT(shares()[1], 0);
  turns_.let_in(1);
  turns_.failed(1, now_);
  now_ += 31s;
  EXPECT_GT(shares()[1], 0); // as if it had never been
}

TEST_F(GatewayTurns, TriesWhatFailedWhereNoneIsLeft) {
  use({gateway(1), gateway(2)});
  turns_.failed(1, now_);
  turns_.failed(2, now_);
  EXPECT_NE(choose(), 0u);
  const auto found = turns_.choose({1}, now_);
  ASSERT_TRUE(found);
  EXPECT_NE(found->why.find("failed lately"), std::string::npos) << found->why;
}

TEST_F(GatewayTurns, OpensNoMoreThanAGatewayTakes) {
  use({gateway(1, 2), gateway(2, 1)});
  for (int i = 0; i < 3; ++i) EXPECT_NE(choose(), 0u);
  EXPECT_FALSE(turns_.has_room({1, 2}, now_));
  EXPECT_EQ(choose(), 0u);
  turns_.closed(2);
  EXPECT_TRUE(turns_.has_room({1, 2}, now_));
  EXPECT_FALSE(turns_.has_room({1}, now_));
  EXPECT_EQ(choose(), 2u);
}

TEST_F(GatewayTurns, WaitsForOneThatWorksRatherThanTryOneThatDoesNot) {
  use({gateway(1, 1), gateway(2, 1)});
  turns_.failed(1, now_);
  EXPECT_EQ(choose(), 2u);
  EXPECT_EQ(choose(), 0u);
}

TEST_F(GatewayTurns, KnowsOnlyThoseThatThereAre) {
  auto off = gateway(2);
  off.settings.enabled = false;
  use({gateway(1), off});
  EXPECT_EQ(shares()[1], 100);
  EXPECT_EQ(choose({2, 3}), 0u);
}

TEST_F(GatewayTurns, TriesAnewWhatWasChanged) {
  use({gateway(1, 1), gateway(2, 1)});
  turns_.failed(1, now_);
  EXPECT_EQ(choose(), 2u);
  use({gateway(1, 1), gateway(2, 1)});
  EXPECT_EQ(choose(), 1u);
  EXPECT_EQ(choose(), 0u); // and the connections of before still count
}

} // namespace
} // namespace stagepost::outbound
