#include "actors/spool/retry_times.hpp"

#include <gtest/gtest.h>

namespace stagepost::spool {
namespace {

instant at(int64_t seconds) { return from_unix_milliseconds(seconds * 1000); }

TEST(RetryTimes, KeepTheEarliestForEachMessage) {
  retry_times times;
  times.set(queue_id{1}, at(30));
  times.set(queue_id{1}, at(10));
  times.set(queue_id{1}, at(20));
  times.set(queue_id{2}, at(5));
  times.set(queue_id{3}, at(40));
  EXPECT_EQ(times.all(), (std::vector{queue_id{2}, queue_id{1}, queue_id{3}}));
  EXPECT_TRUE(times.take_due(at(4), at(1000), 10).empty());
  EXPECT_EQ(times.take_due(at(30), at(1000), 1), std::vector{queue_id{2}});
  EXPECT_EQ(times.take_due(at(30), at(1000), 10), std::vector{queue_id{1}});
  EXPECT_FALSE(times.has(queue_id{1}));
  times.drop(queue_id{3});
  times.drop(queue_id{3});
  EXPECT_TRUE(times.all().empty());
}

TEST(RetryTimes, TakesWhatIsFurtherAheadThanAnyWait) {
  retry_times times;
  times.set(queue_id{1}, at(5000)); // before the clock was set back
  times.set(queue_id{2}, at(900));
  EXPECT_EQ(times.take_due(at(4), at(1000), 10), std::vector{queue_id{1}});
  EXPECT_TRUE(times.has(queue_id{2}));
}

} // namespace
} // namespace stagepost::spool
