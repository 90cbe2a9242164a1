#include "storage/index_backlog.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/word_index.hpp"
#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

class IndexBacklog : public store_fixture {
protected:
  /// A folder with messages of these UIDs; the next one it gives is `uid_next`.
  void fill(mailbox_id folder, std::vector<uint32_t> uids, uint32_t uid_next) {
    batch b(*store_);
    mailbox_counters counters;
    counters.uid_next = uid{uid_next};
    counters.messages = uint32_t(uids.size());
    put_counters(b, folder, counters);
    for (const uint32_t id : uids) put_message(b, folder, uid{id}, {blob_id{id}, 1, {}, {}, {}});
    must_commit(b);
  }

  void index(mailbox_id folder, uint32_t to) {
    const auto added = add_word_segment(*store_, folder, {}, uid{to},
                                        [this](std::shared_ptr<batch> b) { return commit(*b); });
    ASSERT_TRUE(added);
  }

  std::vector<uint32_t> behind(bool all = false) {
    std::vector<uint32_t> found;
    mailbox_id from;
    do {
      const auto step = folders_behind(*store_, from, 2, all);
      EXPECT_TRUE(step);
      for (const auto each : step->folders) found.push_back(uint32_t(each.value));
      from = step->next;
    } while (from != mailbox_id{});
    return found;
  }
};

TEST_F(IndexBacklog, IsWhatStandsAboveTheMark) {
  fill(mailbox_id{1}, {2, 5, 9}, 12);
  const auto all = read_backlog(*store_, mailbox_id{1}, uid{}, 10);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->messages.size(), 3u);
  EXPECT_EQ(all->messages[1].id, uid{5});
  EXPECT_EQ(all->messages[1].body, blob_id{5});
  EXPECT_EQ(all->complete_to, uid{11}) << "what was above is gone already";
  const auto some = read_backlog(*store_, mailbox_id{1}, uid{2}, 1);
  ASSERT_EQ(some->messages.size(), 1u);
  EXPECT_EQ(some->messages[0].id, uid{5});
  EXPECT_TRUE(some->more);
  EXPECT_FALSE(all->more);
  EXPECT_TRUE(read_backlog(*store_, mailbox_id{1}, uid{11}, 10)->messages.empty());
  fill(mailbox_id{3}, {}, 1);
  EXPECT_FALSE(read_backlog(*store_, mailbox_id{3}, uid{}, 10)->more) << "where nothing ever was";
  EXPECT_EQ(read_backlog(*store_, mailbox_id{4}, uid{}, 10).error().code, errc::not_found);
}

TEST_F(IndexBacklog, FindsFoldersByTheirMarks) {
  fill(mailbox_id{1}, {1}, 2);
  fill(mailbox_id{2}, {}, 1);
  fill(mailbox_id{3}, {4}, 5);
  fill(mailbox_id{4}, {4}, 5);
  fill(mailbox_id{5}, {}, 9);
  index(mailbox_id{3}, 4);
  index(mailbox_id{4}, 3);
  EXPECT_EQ(behind(), (std::vector<uint32_t>{1, 4, 5}));
  EXPECT_EQ(behind(true), (std::vector<uint32_t>{1, 2, 3, 4, 5}));
}

TEST_F(IndexBacklog, DamageInOneFolderDoesNotHideTheOthers) {
  for (const uint64_t id : {1, 2, 3, 4}) fill(mailbox_id{id}, {1}, 2);
  batch b(*store_);
  batch_access::put(b, family::mailbox_state, key::mailbox(mailbox_id{1}), "?");
  batch_access::put(b, family::word_index, key::mailbox(mailbox_id{2}), "?");
  must_commit(b);
  const auto step = folders_behind(*store_, {}, 10, false);
  ASSERT_TRUE(step);
  EXPECT_EQ(step->folders, (std::vector{mailbox_id{3}, mailbox_id{4}}));
  EXPECT_EQ(step->damaged, std::vector{mailbox_id{2}});
  EXPECT_EQ(step->unknown, std::vector{mailbox_id{1}});
  index(mailbox_id{1}, 1);
  index(mailbox_id{9}, 1);
  const auto left = folders_left_over(*store_, {}, 10);
  ASSERT_TRUE(left);
  EXPECT_EQ(left->folders, std::vector{mailbox_id{9}});
}

TEST_F(IndexBacklog, FindsIndexesOfFoldersThatAreGone) {
  fill(mailbox_id{2}, {1}, 2);
  for (const uint64_t id : {1, 2, 3}) index(mailbox_id{id}, 1);
  const auto first = folders_left_over(*store_, {}, 2);
  EXPECT_EQ(first->folders, (std::vector<mailbox_id>{mailbox_id{1}}));
  EXPECT_EQ(first->next, mailbox_id{3});
  const auto rest = folders_left_over(*store_, first->next, 2);
  EXPECT_EQ(rest->folders, (std::vector<mailbox_id>{mailbox_id{3}}));
  EXPECT_EQ(rest->next, mailbox_id{});
}

} // namespace
} // namespace stagepost::storage
