#include "actors/wall_clock.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace stagepost {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

constexpr instant start{1'800'000'000'000ms};
constexpr jump_watch::steady steady{};

TEST(WallClock, CanBeShiftedForAllThreads) {
  const auto before = wall_clock();
  wall_clock_shift shift(days(365));
  EXPECT_GE(wall_clock(), before + days(365));
  shift.set(-days(365));
  instant elsewhere;
  std::thread([&] { elsewhere = wall_clock(); }).join();
  EXPECT_LT(elsewhere, before);
}

TEST(WallClock, ShowsTheSystemsTimeAfterAShift) {
  { wall_clock_shift shift(days(365)); }
  EXPECT_LT(wall_clock() - std::chrono::system_clock::now(), 1h);
}

TEST(JumpWatch, TellsNothingWhileBothClocksGoOn) {
  jump_watch watch(start, steady);
  EXPECT_EQ(watch.look(start + 5s, steady + 5s), 0ms);
  EXPECT_EQ(watch.look(start + 5s + days(3), steady + 5s + days(3)), 0ms); // the process was stopped
}

TEST(JumpWatch, TellsAJumpOnceAndByHowMuch) {
  jump_watch watch(start, steady);
  EXPECT_EQ(watch.look(start + 5s + days(365), steady + 5s), days(365));
  EXPECT_EQ(watch.look(start + 10s + days(365), steady + 10s), 0ms);
  EXPECT_EQ(watch.look(start + 15s, steady + 15s), -days(365));
  EXPECT_EQ(watch.look(start + 20s, steady + 20s), 0ms);
}

TEST(JumpWatch, PassesOverCorrectionsOfUpToTenMinutes) {
  jump_watch watch(start, steady);
  EXPECT_EQ(watch.look(start + 10min, steady), 0ms);
  EXPECT_EQ(watch.look(start, steady), 0ms);
  EXPECT_EQ(watch.look(start + 10min + 1ms, steady), 10min + 1ms);
}

} // namespace
} // namespace stagepost
