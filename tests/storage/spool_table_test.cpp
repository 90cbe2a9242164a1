#include "storage/spool_table.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

using SpoolTable = store_fixture;

spool_record waiting(uint64_t id) {
  spool_record out;
  out.id = queue_id{id};
  out.sender = "a@example.org";
  out.recipients = 2;
  return out;
}

spool_recipient recipient(uint32_t index) {
  spool_recipient out;
  out.index = index;
  out.address = "r" + std::to_string(index) + "@example.org";
  return out;
}

TEST_F(SpoolTable, PagesThroughWaitingMessagesOldestFirst) {
  batch b(*store_);
  for (const uint64_t id : {30u, 10u, 20u, 40u}) put_spool(b, waiting(id));
  must_commit(b);
  batch gone(*store_);
  delete_spool(gone, queue_id{20});
  must_commit(gone);
  const auto first = read_spool_page(*store_, queue_id{}, 2, reach::disk);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->messages.size(), 2u);
  EXPECT_EQ(first->messages[0].id, queue_id{10});
  EXPECT_EQ(first->messages[1].id, queue_id{30});
  EXPECT_EQ(first->next, queue_id{40});
  const auto rest = read_spool_page(*store_, first->next, 2, reach::disk);
  ASSERT_EQ(rest->messages.size(), 1u);
  EXPECT_EQ(rest->messages.front().sender, "a@example.org");
  EXPECT_EQ(rest->next, queue_id{});
  EXPECT_TRUE(read_spool(*store_, queue_id{40}, reach::disk));
  EXPECT_EQ(read_spool(*store_, queue_id{20}, reach::disk).error().code, errc::not_found);
}

TEST_F(SpoolTable, KeepsRecipientsInOrder) {
  batch b(*store_);
  for (uint32_t i = 0; i < 300; ++i) put_recipient(b, queue_id{5}, recipient(i));
  put_recipient(b, queue_id{6}, recipient(0));
  delete_recipient(b, queue_id{5}, 258);
  must_commit(b);
  const auto some = read_recipients(*store_, queue_id{5}, 256, 3, reach::disk);
  ASSERT_TRUE(some);
  ASSERT_EQ(some->recipients.size(), 3u);
  EXPECT_EQ(some->recipients[0].index, 256u);
  EXPECT_EQ(some->recipients[2].index, 259u);
  EXPECT_EQ(some->recipients[2].address, "r259@example.org");
  EXPECT_EQ(read_recipients(*store_, queue_id{5}, 0, 1000, reach::disk)->recipients.size(), 299u);
}

TEST_F(SpoolTable, NamesDamagedRecordsAndReadsTheOthers) {
  batch b(*store_);
  for (const uint64_t id : {10u, 20u, 30u}) put_spool(b, waiting(id));
  for (uint32_t i = 0; i < 3; ++i) put_recipient(b, queue_id{10}, recipient(i));
  batch_access::put(b, family::spool, key::queue(queue_id{20}), "\x7f");
  batch_access::put(b, family::spool_recipients, key::queue_item(queue_id{10}, 1), "\x7f");
  must_commit(b);
  const auto all = read_spool_page(*store_, queue_id{}, 2, reach::disk);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->messages.size(), 1u);
  EXPECT_EQ(all->damaged, std::vector{queue_id{20}});
  EXPECT_EQ(all->next, queue_id{30});
  const auto of_first = read_recipients(*store_, queue_id{10}, 0, 100, reach::disk);
  ASSERT_TRUE(of_first);
  ASSERT_EQ(of_first->recipients.size(), 2u);
  EXPECT_EQ(of_first->recipients[1].index, 2u);
  EXPECT_EQ(of_first->damaged, std::vector{1u});
}

TEST_F(SpoolTable, RemembersDeliveriesUntilTheyAreDeleted) {
  batch b(*store_);
  for (uint32_t i = 0; i < 3; ++i) put_delivered(b, queue_id{5}, i, {mailbox_id{9}, uid{i + 1}});
  put_delivered(b, queue_id{6}, 0, {mailbox_id{9}, uid{8}});
  must_commit(b);
  const auto where = read_delivered(*store_, queue_id{5}, 1, reach::disk);
  ASSERT_TRUE(where);
  ASSERT_TRUE(*where);
  EXPECT_EQ((*where)->uid, uid{2});
  batch one(*store_);
  delete_delivered(one, queue_id{5}, 1);
  must_commit(one);
  EXPECT_FALSE(*read_delivered(*store_, queue_id{5}, 1, reach::disk));
  batch all(*store_);
  delete_delivered(all, queue_id{5});
  must_commit(all);
  EXPECT_FALSE(*read_delivered(*store_, queue_id{5}, 0, reach::disk));
  EXPECT_FALSE(*read_delivered(*store_, queue_id{5}, 2, reach::disk));
  EXPECT_TRUE(*read_delivered(*store_, queue_id{6}, 0, reach::disk));
}

TEST_F(SpoolTable, FindsWhatIsToBeDoneHereAmongWhatIsElsewhere) {
  const auto elsewhere = [](uint32_t index) {
    auto made = recipient(index);
    made.state = recipient_state::remote;
    return made;
  };
  batch b(*store_);
  for (uint64_t id = 1; id <= 12000; ++id) {
    put_spool(b, waiting(id));
    put_recipient(b, queue_id{id}, elsewhere(0));
  }
  put_recipient(b, queue_id{7}, recipient(1)); // somebody of ours beside
  put_spool(b, waiting(12001));                // nobody left
  put_spool(b, waiting(12002));                // nothing is known of one
  put_recipient(b, queue_id{12002}, elsewhere(0));
  batch_access::put(b, family::spool_recipients, key::queue_item(queue_id{12002}, 1), "\x7f");
  must_commit(b);
  std::vector<queue_id> found;
  queue_id from{1};
  size_t pages = 0;
  do {
    const auto page = find_waiting_here(*store_, from, 2, reach::disk);
    ASSERT_TRUE(page);
    ASSERT_LE(page->messages.size(), 2u);
    found.insert(found.end(), page->messages.begin(), page->messages.end());
    from = page->next;
    ++pages;
  } while (from && pages < 100);
  EXPECT_EQ(found, (std::vector{queue_id{7}, queue_id{12001}, queue_id{12002}}));
  EXPECT_GT(pages, 1u); // no read is without a bound
  EXPECT_EQ(find_waiting_here(*store_, queue_id{12001}, 1, reach::disk)->next, queue_id{12002});
}

} // namespace
} // namespace stagepost::storage
