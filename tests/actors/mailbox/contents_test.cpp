#include "actors/mailbox/contents.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailbox {
namespace {

std::vector<contents::arrival> arrivals(size_t count, uint32_t flags = 0) {
  return std::vector<contents::arrival>(count, contents::arrival{10, flags, 0});
}

TEST(MailboxContents, GivesUidsInOrderAndCounts) {
  contents held;
  const auto first = held.add(arrivals(2));
  const auto second = held.add(arrivals(1, flag_seen | flag_deleted));
  EXPECT_EQ(first.record.uids, (std::vector{uid{1}, uid{2}}));
  EXPECT_EQ(second.record.uids, std::vector{uid{3}});
  EXPECT_GT(second.record.modseq, first.record.modseq);
  EXPECT_EQ(held.counters().messages, 3u);
  EXPECT_EQ(held.counters().unseen, 2u);
  EXPECT_EQ(held.counters().deleted, 1u);
  EXPECT_EQ(held.counters().size_bytes, 30u);
  EXPECT_EQ(held.counters().uid_next, uid{4});
}

TEST(MailboxContents, LeavesAnOldLookAsItWas) {
  contents held;
  held.add(arrivals(3));
  const auto before = held.pages();
  held.set_flags({uid{2}}, [](message_entry& each) { each.flags = flag_seen; });
  held.remove({uid{1}}, {10});
  held.add(arrivals(1));
  ASSERT_EQ(before.size(), 1u);
  ASSERT_EQ(before.front()->entries.size(), 3u);
  EXPECT_EQ(before.front()->entries[1].flags, 0u);
}

TEST(MailboxContents, WritesOnlyThePagesThatChanged) {
  contents held;
  held.add(arrivals(200));
  ASSERT_EQ(held.pages().size(), 4u); // 1…63, 64…127, 128…191, 192…200
  const auto made =
      held.set_flags({uid{70}, uid{199}}, [](message_entry& each) { each.flags |= flag_flagged; });
  ASSERT_EQ(made.pages.size(), 2u);
  EXPECT_EQ(made.pages[0]->number, 1u);
  EXPECT_EQ(made.pages[1]->number, 3u);
}

TEST(MailboxContents, DoesNotCountAFlagThatWasSetAlreadyAsAChange) {
  contents held;
  held.add(arrivals(2, flag_seen));
  const auto stood = held.counters().highest_modseq;
  const auto made =
      held.set_flags({uid{1}, uid{2}, uid{9}}, [](message_entry& each) { each.flags |= flag_seen; });
  EXPECT_TRUE(made.record.uids.empty());
  EXPECT_TRUE(made.pages.empty());
  EXPECT_EQ(held.counters().highest_modseq, stood);
}

TEST(MailboxContents, TellsOfAPageThatIsEmptyNow) {
  contents held;
  held.add(arrivals(70));
  std::vector<uid> doomed;
  for (uint32_t i = 64; i <= 70; ++i) doomed.push_back(uid{i});
  const auto made = held.remove(doomed, std::vector<uint64_t>(doomed.size(), 10));
  ASSERT_EQ(made.pages.size(), 1u);
  EXPECT_EQ(made.pages.front()->number, 1u);
  EXPECT_TRUE(made.pages.front()->entries.empty());
  EXPECT_EQ(held.pages().size(), 1u);
  EXPECT_EQ(held.counters().messages, 63u);
  EXPECT_EQ(held.find(uid{64}), nullptr);
  EXPECT_NE(held.find(uid{63}), nullptr);
}

TEST(MailboxContents, WritesDownWhatMessagesCarry) {
  using storage::message_state;
  contents held;
  const auto came = held.add({{10, flag_seen, 0}, {10, 0, 2}, {10, 0, 0}});
  EXPECT_EQ(came.record.states, (std::vector<message_state>{{flag_seen, 0}, {0, 2}, {0, 0}}));
  const auto changed =
      held.set_flags({uid{1}, uid{2}}, [](message_entry& each) { each.flags |= flag_seen | flag_deleted; });
  EXPECT_EQ(changed.record.states,
            (std::vector<message_state>{{flag_seen | flag_deleted, 0}, {flag_seen | flag_deleted, 2}}));
  const auto gone = held.remove({uid{2}, uid{3}}, {10, 10});
  EXPECT_EQ(gone.record.states, (std::vector<message_state>{{flag_seen | flag_deleted, 2}, {0, 0}}))
      << "what they carried last";
}

TEST(MailboxContents, NeverGivesAUidTwice) {
  contents held;
  held.add(arrivals(1));
  held.remove({uid{1}}, {10});
  EXPECT_EQ(held.add(arrivals(1)).record.uids, std::vector{uid{2}});
}

TEST(MailboxContents, FindsAKeywordWhateverItsCase) {
  contents held;
  bool grew = false;
  const auto first = held.keyword_bit("$Forwarded", grew);
  EXPECT_TRUE(grew);
  grew = false;
  EXPECT_EQ(held.keyword_bit("$forwarded", grew), first);
  EXPECT_FALSE(grew);
}

TEST(MailboxContents, NamesNoMoreKeywordsThanThereAreBits) {
  contents held;
  bool grew = false;
  for (size_t i = 0; i < max_keywords; ++i)
    ASSERT_EQ(held.keyword_bit("k" + std::to_string(i), grew), unsigned(i));
  EXPECT_FALSE(held.keyword_bit("one-more", grew));
  EXPECT_EQ(held.keyword_bit("k63", grew), 63u);
}

} // namespace
} // namespace stagepost::mailbox
