#include "actors/spool/read_stamps.hpp"

#include <gtest/gtest.h>

namespace stagepost::spool {
namespace {

TEST(ReadStamps, DoubtOnlyReadsThatBeganBeforeTheChange) {
  read_stamps reads;
  const auto before = reads.begin();
  reads.changed(queue_id{7});
  const auto after = reads.begin();
  EXPECT_TRUE(reads.is_past(queue_id{7}, before));
  EXPECT_FALSE(reads.is_past(queue_id{7}, after));
  EXPECT_FALSE(reads.is_past(queue_id{8}, before));
  reads.end(before);
  EXPECT_FALSE(reads.is_past(queue_id{7}, after));
  reads.changed(queue_id{7});
  EXPECT_TRUE(reads.is_past(queue_id{7}, after));
  reads.end(after);
  EXPECT_FALSE(reads.is_past(queue_id{7}, reads.begin()));
}

} // namespace
} // namespace stagepost::spool
