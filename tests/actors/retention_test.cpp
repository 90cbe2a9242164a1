#include "actors/retention.hpp"

#include <gtest/gtest.h>

namespace stagepost {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

constexpr instant life_began_at{1'800'000'000'000ms};
constexpr auto kept = days(30);

/// A server's life: the wall clock and what the keeper knows, looked at each ten minutes while it runs.
struct life {
  instant now = life_began_at;
  storage::trace_age age{life_began_at, {}};
  instant end = life_began_at - kept;

  void run(std::chrono::milliseconds time) {
    for (; time > 0ms; time -= 10min) {
      now += 10min;
      end = end_of_retention(age, now, 10min, kept);
    }
  }
  void jump(std::chrono::milliseconds by) { now += by; }
  bool keeps(instant thing) const { return thing >= end; }
};

TEST(EndOfRetention, FollowsTheClock) {
  life server;
  const auto trace = server.now;
  server.run(kept);
  EXPECT_TRUE(server.keeps(trace));
  server.run(10min);
  EXPECT_FALSE(server.keeps(trace));
}

TEST(EndOfRetention, LetsNothingGoByAJumpOfAYear) {
  life server;
  const auto old = server.now;
  server.run(days(10));
  server.jump(days(365));
  const auto fresh = server.now;
  server.run(days(20));
  EXPECT_TRUE(server.keeps(old));
  EXPECT_TRUE(server.keeps(fresh));
  server.run(20min);
  EXPECT_FALSE(server.keeps(old));
  server.run(days(10) - 20min);
  EXPECT_TRUE(server.keeps(fresh));
  server.run(20min);
  EXPECT_FALSE(server.keeps(fresh));
  EXPECT_TRUE(server.age.jumps.empty());
}

TEST(EndOfRetention, CountsEachJumpForWhatCameBeforeIt) {
  life server;
  const auto first = server.now;
  server.jump(days(365));
  server.run(days(10));
  const auto second = server.now;
  server.jump(days(100));
  server.run(days(20));
  EXPECT_TRUE(server.keeps(first));
  server.run(20min);
  EXPECT_FALSE(server.keeps(first));
  server.run(days(10) - 20min);
  EXPECT_TRUE(server.keeps(second));
  server.run(20min);
  EXPECT_FALSE(server.keeps(second));
}

TEST(EndOfRetention, ForgetsAJumpThatIsTakenBack) {
  life server;
  const auto trace = server.now;
  server.jump(days(365));
  server.run(days(1));
  server.jump(-days(365));
  server.run(days(29));
  EXPECT_TRUE(server.keeps(trace));
  server.run(20min);
  EXPECT_FALSE(server.keeps(trace));
}

TEST(EndOfRetention, KeepsAllWhileTheClockIsSetBack) {
  life server;
  const auto trace = server.now;
  server.jump(-days(365));
  server.run(days(40));
  EXPECT_TRUE(server.keeps(trace));
  server.jump(days(365));
  server.run(10min);
  EXPECT_TRUE(server.keeps(server.now - 10min));
}

TEST(EndOfRetention, RemembersABoundedNumberOfJumps) {
  life server;
  const auto trace = server.now;
  for (int i = 0; i < 1000; ++i) {
    server.jump(1h);
    server.run(10min);
  }
  EXPECT_LE(server.age.jumps.size(), 64u);
  EXPECT_TRUE(server.keeps(trace));
}

} // namespace
} // namespace stagepost
