#include "storage/history.hpp"

#include "storage/mailboxes.hpp"
#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

constexpr mailbox_id folder{7};

instant at(int64_t ms) { return from_unix_milliseconds(ms); }

/// 1 and 2 come at 100, 1 is seen at 200, 2 goes at 300, 3 comes at 400.
class History : public store_fixture {
protected:
  void SetUp() override {
    batch b(*store_);
    put_change(b, folder, {modseq{2}, change_kind::added, {uid{1}, uid{2}}, at(100), {{}, {}}});
    put_change(b, folder, {modseq{3}, change_kind::flags, {uid{1}}, at(200), {{flag_seen, 0}}});
    put_change(b, folder, {modseq{4}, change_kind::expunged, {uid{2}}, at(300), {{flag_deleted, 0}}});
    put_change(b, folder, {modseq{5}, change_kind::added, {uid{3}}, at(400), {{}}});
    put_page(b, folder, {0, {{uid{1}, flag_seen, 0, modseq{3}}, {uid{3}, 0, 0, modseq{5}}}});
    put_counters(b, folder, {uid{4}, modseq{5}, 2, 1, 0, 0, {}});
    must_commit(b);
  }

  past_view look(int64_t ms, uint32_t from = 1, size_t limit = 100) {
    auto view = read_past(*store_, folder, at(ms), uid{from}, limit, reach::disk);
    EXPECT_TRUE(view);
    return *view;
  }
};

TEST_F(History, ShowsWhatWasThere) {
  const auto before = look(50);
  EXPECT_TRUE(before.messages.empty());
  EXPECT_TRUE(before.is_complete) << "the log has the first change of the folder";

  const auto first = look(100);
  ASSERT_EQ(first.messages.size(), 2u);
  EXPECT_TRUE(first.messages[0].knows_state);
  EXPECT_EQ(first.messages[0].state.flags, 0u) << "it was seen later";
  EXPECT_EQ(first.messages[1].gone_at, at(300));

  const auto seen = look(299);
  ASSERT_EQ(seen.messages.size(), 2u);
  EXPECT_EQ(seen.messages[0].state.flags, flag_seen);

  const auto gone = look(300);
  ASSERT_EQ(gone.messages.size(), 1u);
  EXPECT_EQ(gone.messages[0].uid, uid{1});

  const auto now = look(1000);
  ASSERT_EQ(now.messages.size(), 2u);
  EXPECT_EQ(now.messages[1].uid, uid{3});
  EXPECT_FALSE(now.messages[1].gone_at);
}

TEST_F(History, ComesInPages) {
  const auto first = look(250, 1, 1);
  ASSERT_EQ(first.messages.size(), 1u);
  EXPECT_EQ(first.messages[0].uid, uid{1});
  EXPECT_TRUE(first.more);
  const auto second = look(250, 2, 1);
  ASSERT_EQ(second.messages.size(), 1u);
  EXPECT_EQ(second.messages[0].uid, uid{2});
  EXPECT_FALSE(second.more);
}

TEST_F(History, SaysWhenTheLogDoesNotReachBack) {
  batch b(*store_);
  trim_changes(b, folder, modseq{4});
  must_commit(b);
  EXPECT_FALSE(look(250).is_complete);
  const auto view = look(350);
  EXPECT_TRUE(view.is_complete);
  ASSERT_EQ(view.messages.size(), 1u);
  EXPECT_EQ(view.messages[0].state.flags, flag_seen) << "nothing changed it since";
}

TEST_F(History, KnowsNothingOfThePastWithoutALog) {
  batch b(*store_);
  trim_changes(b, folder, modseq{6});
  must_commit(b);
  EXPECT_FALSE(look(250).is_complete);
  EXPECT_TRUE(read_past(*store_, mailbox_id{8}, at(250), uid{1}, 10, reach::disk)->is_complete)
      << "nothing was ever in it";
}

TEST_F(History, DoesNotGuessWhatAMessageCarried) {
  batch b(*store_);
  put_change(b, folder, {modseq{2}, change_kind::added, {uid{1}, uid{2}}}); // of an older release
  must_commit(b);
  const auto view = look(150);
  EXPECT_FALSE(view.is_complete);
  ASSERT_EQ(view.messages.size(), 2u);
  EXPECT_FALSE(view.messages[0].knows_state);
}

TEST_F(History, FindsWhereATimeBegins) {
  EXPECT_EQ(*first_change_since(*store_, folder, at(0), reach::disk), modseq{2});
  EXPECT_EQ(*first_change_since(*store_, folder, at(201), reach::disk), modseq{4});
  EXPECT_EQ(*first_change_since(*store_, folder, at(500), reach::disk), modseq{UINT64_MAX});
}

} // namespace
} // namespace stagepost::storage
