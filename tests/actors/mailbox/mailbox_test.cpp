#include "actors/mailbox/mailbox.hpp"

#include "tests/support/mail_fixture.hpp"

namespace stagepost::mailbox {
namespace {

using Mailbox = testing::mail_fixture;
using imap::flag_change;

imap::store_flags add_flags(std::vector<uid> uids, uint32_t flags) {
  return {std::move(uids), flag_change::add, flags, {}, {}};
}

TEST_F(Mailbox, KeepsMessagesAndFlagsOverARestart) {
  const auto first = put("INBOX", "Subject: one\r\n\r\n1\r\n", flag_seen, {"$Work"});
  const auto second = put("INBOX", "Subject: two\r\n\r\n2\r\n");
  ASSERT_EQ(first.outcome, outcome::done);
  EXPECT_EQ(first.uids, std::vector{uid{1}});
  EXPECT_EQ(second.uids, std::vector{uid{2}});
  EXPECT_EQ(store("INBOX", add_flags({uid{2}}, flag_flagged)).outcome, outcome::done);
  reopen();
  const auto view = look("INBOX");
  ASSERT_EQ(view.outcome, outcome::done);
  EXPECT_EQ(view.view.uid_validity, first.uid_validity);
  EXPECT_EQ(view.view.uid_next, uid{3});
  EXPECT_EQ(view.view.keywords, std::vector<std::string>{"$Work"});
  const auto all = entries("INBOX");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].flags, flag_seen);
  EXPECT_EQ(all[0].keywords, 1u);
  EXPECT_EQ(all[1].flags, flag_flagged);
  expect_sound();
}

TEST_F(Mailbox, WritesDownWhenItChangedAndToWhat) {
  put("INBOX", "a");
  put("INBOX", "b", flag_flagged, {"$Work"});
  store("INBOX", add_flags({uid{1}, uid{2}}, flag_deleted));
  ask<outcome_answer>(folder("INBOX").folder, imap::expunge{true, {}});
  const auto lines = storage::read_changes(*store_, folder("INBOX").id, modseq{1}, 10, storage::reach::disk);
  ASSERT_TRUE(lines);
  ASSERT_EQ(lines->size(), 4u);
  for (const auto& each : *lines) EXPECT_NE(each.at, instant{});
  const std::vector<storage::message_state> last{{flag_deleted, 0}, {flag_flagged | flag_deleted, 1}};
  EXPECT_EQ((*lines)[1].states, (std::vector<storage::message_state>{{flag_flagged, 1}}));
  EXPECT_EQ((*lines)[1].keywords, std::vector<std::string>{"$Work"});
  EXPECT_EQ((*lines)[2].states, last);
  EXPECT_TRUE((*lines)[2].keywords.empty()) << "nothing new";
  EXPECT_EQ((*lines)[3].states, last);
}

TEST_F(Mailbox, ReplacesAddsAndRemovesFlags) {
  put("INBOX", "a", flag_seen | flag_draft);
  EXPECT_EQ(store("INBOX", {{uid{1}}, flag_change::remove, flag_draft, {}, {}}).outcome, outcome::done);
  EXPECT_EQ(entries("INBOX")[0].flags, flag_seen);
  store("INBOX", {{uid{1}}, flag_change::add, flag_answered, {"$A"}, {}});
  EXPECT_EQ(entries("INBOX")[0].flags, flag_seen | flag_answered);
  EXPECT_EQ(entries("INBOX")[0].keywords, 1u);
  store("INBOX", {{uid{1}}, flag_change::replace, flag_deleted, {}, {}});
  EXPECT_EQ(entries("INBOX")[0].flags, flag_deleted);
  EXPECT_EQ(entries("INBOX")[0].keywords, 0u);
}

TEST_F(Mailbox, LeavesAloneWhatChangedSinceTheClientLooked) {
  put("INBOX", "a");
  put("INBOX", "b");
  const auto seen = look("INBOX").view.highest_modseq;
  store("INBOX", add_flags({uid{1}}, flag_seen));
  const auto answer = store("INBOX", {{uid{1}, uid{2}, uid{7}}, flag_change::add, flag_flagged, {}, seen});
  EXPECT_EQ(answer.outcome, outcome::done);
  EXPECT_EQ(answer.modified, std::vector{uid{1}});
  EXPECT_EQ(answer.gone, std::vector{uid{7}});
  EXPECT_EQ(entries("INBOX")[0].flags, flag_seen);
  EXPECT_EQ(entries("INBOX")[1].flags, flag_flagged);
}

TEST_F(Mailbox, ExpungesOnlyWhatIsMarkedDeleted) {
  for (const auto* text : {"a", "b", "c"}) put("INBOX", text);
  store("INBOX", add_flags({uid{1}, uid{3}}, flag_deleted));
  const auto inbox = folder("INBOX").folder;
  EXPECT_EQ(ask<outcome_answer>(inbox, imap::expunge{false, {uid{2}, uid{3}}}).outcome, outcome::done);
  EXPECT_EQ(entries("INBOX").size(), 2u);
  EXPECT_EQ(ask<outcome_answer>(inbox, imap::expunge{true, {}}).outcome, outcome::done);
  const auto left = entries("INBOX");
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].uid, uid{2});
  EXPECT_EQ(status("INBOX").deleted, 0u);
  expect_sound();
}

TEST_F(Mailbox, TellsWatchersOnlyWhatIsOnDisk) {
  put("INBOX", "a");
  const auto inbox = folder("INBOX").folder;
  const auto who = system_->spawn(testing::watcher);
  ask<view_answer>(inbox, open_view{who});
  hold();
  caf::scoped_actor client(*system_);
  auto answer = client->request(inbox, testing::patience, add_flags({uid{1}}, flag_seen));
  await();
  EXPECT_TRUE(ask<testing::watch_log>(who, atom::status::value).changes.empty());
  release();
  answer.receive([](imap::stored& done) { EXPECT_EQ(done.outcome, outcome::done); },
                 [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  const auto told = ask<testing::watch_log>(who, atom::status::value).changes;
  ASSERT_EQ(told.size(), 1u);
  ASSERT_EQ(told[0].update.changed.size(), 1u);
  EXPECT_EQ(told[0].update.changed[0]->entries[0].flags, flag_seen);
  end(who);
}

TEST_F(Mailbox, ShowsNothingThatAPowerCutCouldTakeBack) {
  put("INBOX", "a");
  const auto inbox = folder("INBOX").folder;
  hold();
  caf::scoped_actor client(*system_);
  auto changed = client->request(inbox, testing::patience, add_flags({uid{1}}, flag_seen));
  await();
  const auto who = system_->spawn(testing::watcher);
  auto opened = client->request(inbox, testing::patience, open_view{who});
  break_held();
  changed.receive([](imap::stored& done) { EXPECT_EQ(done.outcome, outcome::unavailable); },
                  [](caf::error&) {});
  opened.receive([](view_answer& view) { EXPECT_EQ(view.outcome, outcome::unavailable); },
                 [](caf::error&) {});
  EXPECT_EQ(entries("INBOX")[0].flags, 0u);
  end(who);
}

TEST_F(Mailbox, GoesOnFromWhatIsOnDiskAfterAFailedCommit) {
  put("INBOX", "a");
  const auto inbox = folder("INBOX").folder;
  hold();
  caf::scoped_actor client(*system_);
  auto first = client->request(inbox, testing::patience, add_flags({uid{1}}, flag_seen));
  auto second = client->request(inbox, testing::patience, add_flags({uid{1}}, flag_flagged));
  auto third = client->request(account_, testing::patience, order("INBOX", "b"));
  await(3);
  break_held();
  first.receive([](imap::stored& done) { EXPECT_EQ(done.outcome, outcome::unavailable); },
                [](caf::error&) {});
  second.receive([](imap::stored& done) { EXPECT_EQ(done.outcome, outcome::unavailable); },
                 [](caf::error&) {});
  third.receive([](inserted& done) { EXPECT_EQ(done.outcome, outcome::unavailable); }, [](caf::error&) {});
  const auto next = put("INBOX", "c");
  EXPECT_EQ(next.outcome, outcome::done);
  EXPECT_EQ(next.uids, std::vector{uid{2}}); // nobody has ever seen a message 2
  const auto all = entries("INBOX");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].flags, 0u);
  expect_sound();
}

TEST_F(Mailbox, RefusesTheKeywordForWhichThereIsNoBit) {
  put("INBOX", "a");
  std::vector<std::string> many;
  for (size_t i = 0; i < max_keywords - 1; ++i) many.push_back("k" + std::to_string(i));
  EXPECT_EQ(store("INBOX", {{uid{1}}, flag_change::add, 0, many, {}}).outcome, outcome::done);
  EXPECT_EQ(store("INBOX", {{uid{1}}, flag_change::add, 0, {"fits", "does-not"}, {}}).outcome,
            outcome::limit_reached);
  EXPECT_EQ(look("INBOX").view.keywords.size(), max_keywords - 1); // refused as a whole
  EXPECT_EQ(store("INBOX", {{uid{1}}, flag_change::add, 0, {"fits"}, {}}).outcome, outcome::done);
  EXPECT_EQ(store("INBOX", {{uid{1}}, flag_change::add, 0, {"does-not"}, {}}).outcome,
            outcome::limit_reached);
}

TEST_F(Mailbox, TellsWatchersOfANewKeywordAlsoAfterARefusal) {
  put("INBOX", "a");
  std::vector<std::string> many;
  for (size_t i = 0; i < max_keywords - 1; ++i) many.push_back("k" + std::to_string(i));
  store("INBOX", {{uid{1}}, flag_change::add, 0, many, {}});
  store("INBOX", {{uid{1}}, flag_change::add, 0, {"last", "too-many"}, {}});
  const auto inbox = folder("INBOX").folder;
  const auto who = system_->spawn(testing::watcher);
  ask<view_answer>(inbox, open_view{who});
  store("INBOX", {{uid{1}}, flag_change::add, 0, {"last"}, {}});
  const auto told = ask<testing::watch_log>(who, atom::status::value).changes;
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].update.keywords.size(), max_keywords);
  end(who);
}

TEST_F(Mailbox, UsesUpNoKeywordForWhatNoMessageGets) {
  put("INBOX", "a", 0, {"$Work"});
  EXPECT_EQ(store("INBOX", {{uid{1}}, flag_change::remove, 0, {"unknown", "$work"}, {}}).outcome,
            outcome::done);
  EXPECT_EQ(store("INBOX", {{uid{9}}, flag_change::add, 0, {"of-one-that-is-gone"}, {}}).outcome,
            outcome::done);
  EXPECT_EQ(look("INBOX").view.keywords, std::vector<std::string>{"$Work"});
  EXPECT_EQ(entries("INBOX")[0].keywords, 0u);
  store("INBOX", {{uid{1}}, flag_change::add, 0, {"new"}, {}});
  EXPECT_EQ(entries("INBOX")[0].keywords, 2u);
}

TEST_F(Mailbox, WritesNothingOnceItsLeaseWasTakenBack) {
  put("INBOX", "a");
  ask<committer::lease_revoked>(committer_, committer::revoke_lease{lease_});
  EXPECT_EQ(put("INBOX", "late").outcome, outcome::unavailable);
  EXPECT_EQ(store("INBOX", add_flags({uid{1}}, flag_seen)).outcome, outcome::unavailable);
  EXPECT_EQ(copy("INBOX", {uid{1}}, "Drafts", true).outcome, outcome::unavailable);
  EXPECT_EQ(create("Late"), outcome::unavailable);
  lease_ = std::make_shared<committer::lease>();
  reopen();
  EXPECT_EQ(folder("Late").outcome, outcome::no_such_mailbox);
  ASSERT_EQ(entries("INBOX").size(), 1u);
  EXPECT_EQ(entries("INBOX")[0].flags, 0u);
  EXPECT_EQ(put("INBOX", "b").uids, std::vector{uid{2}});
  expect_sound();
}

TEST_F(Mailbox, KeepsNobodyElseWaitingWhileItIsReadFromTheDisk) {
  put("INBOX", "a");
  create("Other");
  reopen();
  entries("Other"); // in memory from now on
  make_cold();
  hold_reading();
  const auto inbox = folder("INBOX").folder;
  await_reading();
  const auto who = system_->spawn(testing::watcher);
  caf::scoped_actor client(*system_);
  auto opened = client->request(inbox, testing::patience, open_view{who});
  auto flagged = client->request(inbox, testing::patience, add_flags({uid{1}}, flag_seen));
  auto coming = client->request(account_, testing::patience, order("INBOX", "b"));
  EXPECT_EQ(put("Other", "c").outcome, outcome::done);
  EXPECT_EQ(status("Other").messages, 1u);
  release_reading();
  opened.receive([](view_answer& view) { EXPECT_EQ(view.view.pages.size(), 1u); }, is_wrong);
  flagged.receive([](imap::stored& done) { EXPECT_EQ(done.outcome, outcome::done); }, is_wrong);
  coming.receive([](inserted& done) { EXPECT_EQ(done.uids, std::vector{uid{2}}); }, is_wrong);
  EXPECT_EQ(entries("INBOX")[0].flags, flag_seen);
  end(who);
}

TEST_F(Mailbox, IsReadAgainForTheNextWhoAsksWhenItCouldNotBe) {
  put("INBOX", "a");
  reopen();
  usage(); // the account is in memory
  make_cold();
  hold_reading();
  const auto inbox = folder("INBOX").folder;
  await_reading();
  const auto who = system_->spawn(testing::watcher);
  caf::scoped_actor client(*system_);
  auto opened = client->request(inbox, testing::patience, open_view{who});
  auto flagged = client->request(inbox, testing::patience, add_flags({uid{1}}, flag_seen));
  refuse_reading();
  opened.receive([](view_answer& view) { EXPECT_EQ(view.outcome, outcome::unavailable); }, is_wrong);
  flagged.receive([](imap::stored& done) { EXPECT_EQ(done.outcome, outcome::unavailable); }, is_wrong);
  ASSERT_EQ(entries("INBOX").size(), 1u); // not an empty folder
  EXPECT_EQ(entries("INBOX")[0].flags, 0u);
  end(who);
}

TEST_F(Mailbox, CopiesWithFlagsAndKeywordsAndSharesTheBody) {
  put("INBOX", "a", flag_seen, {"$Work"});
  ASSERT_EQ(create("Archive"), outcome::done);
  const auto copied = copy("INBOX", {uid{1}, uid{9}}, "Archive");
  EXPECT_EQ(copied.outcome, outcome::done);
  EXPECT_EQ(copied.from, std::vector{uid{1}});
  EXPECT_EQ(copied.to, std::vector{uid{1}});
  const auto there = look("Archive");
  EXPECT_EQ(there.view.keywords, std::vector<std::string>{"$Work"});
  EXPECT_EQ(entries("Archive")[0].flags, flag_seen);
  const auto report = storage::verify(*store_, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->bodies, 1u);
  EXPECT_TRUE(report->sound());
}

} // namespace
} // namespace stagepost::mailbox
