#include "protocols/base/units.hpp"

#include <gtest/gtest.h>

#include <unordered_set>

namespace stagepost {
namespace {

TEST(BaseUnits, RoundsSecondsTowardsThePast) {
  EXPECT_EQ(unix_seconds(from_unix_milliseconds(1999)), 1);
  EXPECT_EQ(unix_seconds(from_unix_milliseconds(-1)), -1);
  EXPECT_EQ(unix_milliseconds(from_unix_milliseconds(-1)), -1);
}

TEST(BaseUnits, TellsTheShardOfABlob) { EXPECT_EQ(shard_of(blob_id{(uint64_t(7) << 56) | 12345}), 7u); }

TEST(BaseStrongId, IsNoneWhenZero) {
  EXPECT_FALSE(uid{});
  EXPECT_TRUE(uid{1});
}

TEST(BaseStrongId, ComparesAndHashesByItsNumber) {
  EXPECT_LT(uid{1}, uid{2});
  EXPECT_EQ(uid{2}, uid{2});
  std::unordered_set<uid> seen{uid{1}, uid{2}, uid{1}};
  EXPECT_EQ(seen.size(), 2u);
}

} // namespace
} // namespace stagepost
