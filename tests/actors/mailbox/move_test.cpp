#include "tests/support/mail_fixture.hpp"

namespace stagepost::mailbox {
namespace {

class Move : public testing::mail_fixture {
protected:
  Move() {
    create("A");
    create("B");
  }

  auto start(caf::scoped_actor& client, const std::string& from, std::vector<uid> uids,
             const std::string& to) {
    const auto source = folder(from);
    return client->request(account_, testing::patience,
                           copy_messages{source.folder, source.id, std::move(uids), to, true});
  }
};

const auto is_done = [](imap::copied& done) { EXPECT_EQ(done.outcome, outcome::done); };
TEST_F(Move, IsInOnePlaceOnly) {
  put("A", "one", flag_flagged);
  put("A", "two");
  const auto moved = copy("A", {uid{1}}, "B", true);
  EXPECT_EQ(moved.outcome, outcome::done);
  EXPECT_EQ(moved.from, std::vector{uid{1}});
  EXPECT_EQ(moved.to, std::vector{uid{1}});
  EXPECT_EQ(entries("A").size(), 1u);
  ASSERT_EQ(entries("B").size(), 1u);
  EXPECT_EQ(entries("B")[0].flags, flag_flagged);
  EXPECT_EQ(usage().messages, 2u);
  reopen();
  EXPECT_EQ(entries("A").size(), 1u);
  EXPECT_EQ(entries("B").size(), 1u);
  expect_sound();
}

TEST_F(Move, BecomesTrueInBothFoldersWithOneCommit) {
  put("A", "one");
  hold();
  caf::scoped_actor client(*system_);
  auto moved = start(client, "A", {uid{1}}, "B");
  await(); // one batch for both; a second one would never come
  break_held();
  moved.receive([](imap::copied& failed) { EXPECT_EQ(failed.outcome, outcome::unavailable); }, is_wrong);
  EXPECT_EQ(entries("A").size(), 1u);
  EXPECT_EQ(entries("B").size(), 0u);
  EXPECT_EQ(copy("A", {uid{1}}, "B", true).outcome, outcome::done);
  expect_sound();
}

TEST_F(Move, TwoThatCrossBothEnd) {
  put("A", "one");
  put("B", "two");
  caf::scoped_actor client(*system_);
  auto there = start(client, "A", {uid{1}}, "B");
  auto back = start(client, "B", {uid{1}}, "A");
  there.receive(is_done, is_wrong);
  back.receive(is_done, is_wrong);
  ASSERT_EQ(entries("A").size(), 1u);
  EXPECT_EQ(entries("A")[0].uid, uid{2});
  ASSERT_EQ(entries("B").size(), 1u);
  EXPECT_EQ(entries("B")[0].uid, uid{2});
  expect_sound();
}

TEST_F(Move, IntoItsOwnFolderGivesANewUid) {
  put("A", "one");
  const auto moved = copy("A", {uid{1}}, "A", true);
  EXPECT_EQ(moved.outcome, outcome::done);
  EXPECT_EQ(moved.to, std::vector{uid{2}});
  const auto all = entries("A");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].uid, uid{2});
  EXPECT_EQ(all[0].flags, 0u);
  expect_sound();
}

TEST_F(Move, OthersGoOnBehindOneIntoItsOwnFolder) {
  for (const auto* text : {"one", "two", "three"}) put("A", text);
  hold();
  caf::scoped_actor client(*system_);
  auto first = start(client, "A", {uid{1}}, "B");
  await();
  auto own = start(client, "A", {uid{2}}, "A");
  auto nowhere = start(client, "A", {uid{2}}, "no such folder");
  auto last = start(client, "A", {uid{3}}, "B");
  release();
  first.receive(is_done, is_wrong);
  own.receive(is_done, is_wrong);
  nowhere.receive([](imap::copied& done) { EXPECT_EQ(done.outcome, outcome::no_such_mailbox); }, is_wrong);
  last.receive(is_done, is_wrong);
  EXPECT_EQ(entries("B").size(), 2u);
  expect_sound();
}

TEST_F(Move, OfNothingLeavesTheFolderFree) {
  put("A", "one");
  EXPECT_EQ(copy("A", {uid{7}}, "B", true).outcome, outcome::done);
  EXPECT_EQ(copy("A", {uid{1}}, "nowhere", true).outcome, outcome::no_such_mailbox);
  EXPECT_EQ(put("A", "two").outcome, outcome::done);
}

TEST_F(Move, HoldsChangesOfTheSourceUntilItHasEnded) {
  put("A", "one");
  hold();
  caf::scoped_actor client(*system_);
  auto moved = start(client, "A", {uid{1}}, "B");
  await();
  auto flagged = client->request(folder("A").folder, testing::patience,
                                 imap::store_flags{{uid{1}}, imap::flag_change::add, flag_seen, {}, {}});
  release();
  moved.receive(is_done, is_wrong);
  flagged.receive([](imap::stored& done) { EXPECT_EQ(done.gone, std::vector{uid{1}}); }, is_wrong);
  EXPECT_EQ(entries("B")[0].flags, 0u);
}

TEST_F(Move, IsToldToThoseWhoWatchEitherFolder) {
  put("A", "one");
  const auto source = system_->spawn(testing::watcher);
  const auto target = system_->spawn(testing::watcher);
  ask<view_answer>(folder("A").folder, open_view{source});
  ask<view_answer>(folder("B").folder, open_view{target});
  copy("A", {uid{1}}, "B", true);
  const auto left = ask<testing::watch_log>(source, atom::status::value).changes;
  const auto came = ask<testing::watch_log>(target, atom::status::value).changes;
  ASSERT_EQ(left.size(), 1u);
  EXPECT_TRUE(left[0].update.changed[0]->entries.empty());
  ASSERT_EQ(came.size(), 1u);
  EXPECT_EQ(came[0].update.uid_next, uid{2});
  end(source);
  end(target);
}

} // namespace
} // namespace stagepost::mailbox
