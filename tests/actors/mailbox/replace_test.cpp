#include "tests/support/mail_fixture.hpp"

namespace stagepost::mailbox {
namespace {

class Replace : public testing::mail_fixture {
protected:
  Replace() {
    create("A");
    create("B");
  }

  put_messages make(const std::string& from, uid which, const std::string& to, bytes_view text) {
    const auto source = folder(from);
    auto what = order(to, text, flag_draft);
    what.replaced = {source.folder, source.id, which};
    return what;
  }
  inserted replace(const std::string& from, uid which, const std::string& to, bytes_view text) {
    return ask<inserted>(account_, make(from, which, to, text));
  }
};

TEST_F(Replace, PutsOneInAndTakesTheOtherOut) {
  put("A", "one");
  put("A", "two");
  const auto done = replace("A", uid{1}, "A", "three");
  EXPECT_EQ(done.outcome, outcome::done);
  EXPECT_EQ(done.uids, std::vector{uid{3}});
  const auto check = [this] {
    const auto all = entries("A");
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].uid, uid{2});
    EXPECT_EQ(all[1].uid, uid{3});
    EXPECT_EQ(all[1].flags, flag_draft);
    EXPECT_EQ(status("A").size_bytes, 8u);
    expect_sound();
  };
  check();
  reopen();
  check();
}

TEST_F(Replace, GoesToAnotherFolder) {
  put("A", "one");
  const auto done = replace("A", uid{1}, "B", "three");
  EXPECT_EQ(done.outcome, outcome::done);
  EXPECT_EQ(done.folder, folder("B").id);
  EXPECT_EQ(entries("A").size(), 0u);
  EXPECT_EQ(entries("B").size(), 1u);
  EXPECT_EQ(usage().size_bytes, 5u);
  expect_sound();
  EXPECT_EQ(put("A", "next").uids, std::vector{uid{2}}); // the folder is free again
}

TEST_F(Replace, BecomesTrueWithOneCommit) {
  put("A", "one");
  for (const char* to : {"A", "B"}) {
    hold();
    caf::scoped_actor client(*system_);
    auto replaced = client->request(account_, testing::patience, make("A", uid{1}, to, "new"));
    await(); // one batch for both; a second one would never come
    break_held();
    replaced.receive([](inserted& failed) { EXPECT_EQ(failed.outcome, outcome::unavailable); }, is_wrong);
    ASSERT_EQ(entries("A").size(), 1u) << to;
    EXPECT_EQ(entries("A")[0].uid, uid{1});
    EXPECT_EQ(entries("B").size(), 0u);
    expect_sound();
  }
}

TEST_F(Replace, OfAMessageThatIsGoneBringsNothingIn) {
  put("A", "one");
  EXPECT_EQ(replace("A", uid{7}, "A", "x").outcome, outcome::expunged);
  EXPECT_EQ(replace("A", uid{7}, "B", "x").outcome, outcome::expunged);
  EXPECT_EQ(replace("A", uid{1}, "nowhere", "x").outcome, outcome::no_such_mailbox);
  EXPECT_EQ(entries("A").size(), 1u);
  EXPECT_EQ(entries("B").size(), 0u);
  EXPECT_EQ(put("A", "two").outcome, outcome::done);
}

TEST_F(Replace, TellsThoseWhoWatchOfBoth) {
  put("A", "one");
  const auto watching = system_->spawn(testing::watcher);
  ask<view_answer>(folder("A").folder, open_view{watching});
  replace("A", uid{1}, "A", "new");
  const auto told = ask<testing::watch_log>(watching, atom::status::value).changes;
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].update.uid_next, uid{3});
  EXPECT_EQ(told[1].update.changed.back()->entries.size(), 1u);
  EXPECT_GT(told[1].update.highest_modseq, told[0].update.highest_modseq);
  end(watching);
}

TEST_F(Replace, NeedsRoomOnlyForWhatItAdds) {
  put("A", "0123456789");
  reopen(12);
  EXPECT_EQ(replace("A", uid{1}, "A", "0123456789ab").outcome, outcome::done);
  EXPECT_EQ(replace("A", uid{2}, "B", "0123456789abc").outcome, outcome::over_quota);
  EXPECT_EQ(replace("A", uid{2}, "B", "0123456789ab").outcome, outcome::done);
  EXPECT_EQ(usage().size_bytes, 12u);
}

class LastRoom : public testing::mail_fixture {};

TEST_F(LastRoom, IsGivenOnceHoweverManyComeAtOnce) {
  reopen(10);
  put("INBOX", "12345");
  hold();
  caf::scoped_actor client(*system_);
  auto first = client->request(account_, testing::patience, order("INBOX", "12345"));
  auto second = client->request(account_, testing::patience, order("Drafts", "12345"));
  await();
  second.receive([](inserted& refused) { EXPECT_EQ(refused.outcome, outcome::over_quota); }, is_wrong);
  release();
  first.receive([](inserted& done) { EXPECT_EQ(done.outcome, outcome::done); }, is_wrong);
  EXPECT_EQ(usage().size_bytes, 10u);
}

TEST_F(LastRoom, IsThereAgainWhenWhoReservedItFailed) {
  reopen(10);
  put("INBOX", "12345");
  hold();
  caf::scoped_actor client(*system_);
  auto first = client->request(account_, testing::patience, order("INBOX", "12345"));
  await();
  break_held();
  first.receive([](inserted& failed) { EXPECT_EQ(failed.outcome, outcome::unavailable); }, is_wrong);
  EXPECT_EQ(put("INBOX", "12345").outcome, outcome::done);
}

TEST_F(LastRoom, IsWhatDeletedMessagesTakeUpOnceTheyAreExpunged) {
  put("INBOX", "12345");
  put("INBOX", "123");
  store("INBOX", {{uid{2}}, imap::flag_change::add, flag_deleted, {}, {}});
  const auto inbox = folder("INBOX").folder;
  EXPECT_EQ(ask<deleted_sum>(inbox, sum_deleted{}).size_bytes, 3u);
  make_cold();
  EXPECT_EQ(ask<deleted_sum>(inbox, sum_deleted{}).size_bytes, 3u);
  ask<outcome_answer>(inbox, imap::expunge{true, {}});
  EXPECT_EQ(ask<deleted_sum>(inbox, sum_deleted{}).size_bytes, 0u);
}

} // namespace
} // namespace stagepost::mailbox
