#include "actors/spool/census.hpp"

#include "tests/support/tree_fixture.hpp"

namespace stagepost::spool {
namespace {

using Census = testing::tree_fixture;

TEST_F(Census, CountsWhatWaitsInAllShardsForOtherServersToo) {
  const auto count = [this] {
    const auto found = ask<spool_counted>(tree_.census, count_spool{});
    EXPECT_TRUE(found.done);
    return found.messages;
  };
  EXPECT_EQ(count(), 0u);
  for (size_t shard = 0; shard < shard_count; ++shard)
    for (size_t i = 0; i <= shard; ++i) accept(shard, {"friend@elsewhere.example"});
  EXPECT_TRUE(eventually([&] { return count() == 6; }));
  const auto id = queued(2).at(0).message.id;
  EXPECT_TRUE(eventually([&] { return ask<queue_answer>(tree_.shards[2].queue, delete_message{id}).done; }));
  EXPECT_TRUE(eventually([&] { return count() == 5; }));
}

TEST_F(Census, GoesOnWhereALimitedCountEnded) {
  for (int i = 0; i < 5; ++i) accept(0, {"friend@elsewhere.example"});
  uint64_t all = 0;
  queue_id from;
  do {
    const auto step = storage::count_spool(*shards_[0], from, 2, storage::reach::disk);
    ASSERT_TRUE(step);
    EXPECT_LE(step->messages, 2u);
    all += step->messages;
    from = step->next;
  } while (from);
  EXPECT_EQ(all, 5u);
}

} // namespace
} // namespace stagepost::spool
