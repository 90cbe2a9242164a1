#include "actors/spool/queue.hpp"
#include "storage/outbound_table.hpp"

#include <gtest/gtest.h>

namespace stagepost::spool {
namespace {

using storage::recipient_state;

constexpr instant later = instant(std::chrono::hours(1000));

storage::spool_recipient recipient(recipient_state state) {
  storage::spool_recipient made;
  made.address = "b@Far.test";
  made.state = state;
  if (state == recipient_state::local) made.account = account_id{7};
  made.attempts = 2;
  made.due_at = later;
  return made;
}

std::optional<storage::spool_recipient> after(queue_order order, const storage::spool_recipient& who,
                                              uint8_t priority = storage::usual_priority) {
  return obey(order_message{queue_id{1}, order, priority}, who);
}

TEST(QueueOrder, HoldsAndReleasesRecipientsAsTheyWere) {
  for (const auto state : {recipient_state::local, recipient_state::remote}) {
    const auto before = recipient(state);
    const auto held = after(queue_order::hold, before);
    ASSERT_TRUE(held);
    EXPECT_EQ(held->state, recipient_state::held);
    EXPECT_FALSE(after(queue_order::hold, *held));
    EXPECT_FALSE(after(queue_order::force, *held));
    const auto released = after(queue_order::release, *held);
    ASSERT_TRUE(released);
    EXPECT_EQ(released->state, state);
    EXPECT_EQ(released->attempts, 2u);
    EXPECT_EQ(released->due_at, later);
    EXPECT_EQ(storage::destination_of(*released), "far.test");
  }
}

TEST(QueueOrder, DoesNotReleaseWhomThereIsNot) {
  auto nobody = recipient(recipient_state::held); // as an alias leaves one that leads nowhere
  EXPECT_FALSE(after(queue_order::release, nobody));
  EXPECT_FALSE(after(queue_order::release, recipient(recipient_state::remote)));
}

TEST(QueueOrder, ForcesBeforeAllOthers) {
  const auto remote = after(queue_order::force, recipient(recipient_state::remote));
  ASSERT_TRUE(remote);
  EXPECT_EQ(remote->priority, storage::highest_priority);
  EXPECT_EQ(storage::due_time_of(*remote), instant{});
  EXPECT_EQ(remote->attempts, 2u);
  EXPECT_EQ(after(queue_order::force, recipient(recipient_state::local))->due_at, instant{});
}

TEST(QueueOrder, ResetsAttempts) {
  const auto made = after(queue_order::reset, recipient(recipient_state::remote));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->attempts, 0u);
  EXPECT_FALSE(after(queue_order::reset, *made));
}

TEST(QueueOrder, RetriesAndSortsOnlyWhatIsElsewhere) {
  EXPECT_EQ(after(queue_order::retry, recipient(recipient_state::remote))->due_at, instant{});
  EXPECT_FALSE(after(queue_order::retry, recipient(recipient_state::local)));
  const auto sorted = after(queue_order::priority, recipient(recipient_state::remote), 9);
  ASSERT_TRUE(sorted);
  EXPECT_EQ(sorted->priority, 9);
  EXPECT_FALSE(after(queue_order::priority, *sorted, 9));
  EXPECT_FALSE(after(queue_order::priority, recipient(recipient_state::local), 9));
}

TEST(QueueOrder, APriorityGivenByHandIsKnownForThat) {
  const auto before = recipient(recipient_state::remote);
  EXPECT_FALSE(before.is_priority_ordered);
  // Also the one he has already: from now on no rule changes it.
  EXPECT_TRUE(after(queue_order::priority, before, before.priority)->is_priority_ordered);
  EXPECT_TRUE(after(queue_order::force, before)->is_priority_ordered);
  EXPECT_FALSE(after(queue_order::retry, before)->is_priority_ordered);
}

TEST(QueueOrder, HoldsAnAliasThatIsNotWrittenOutYet) {
  const auto held = after(queue_order::hold, recipient(recipient_state::expanding));
  ASSERT_TRUE(held);
  EXPECT_EQ(held->state, recipient_state::held_alias);
  EXPECT_FALSE(after(queue_order::hold, *held));
  EXPECT_FALSE(after(queue_order::force, *held));
  EXPECT_EQ(after(queue_order::release, *held)->state, recipient_state::expanding);
}

} // namespace
} // namespace stagepost::spool
