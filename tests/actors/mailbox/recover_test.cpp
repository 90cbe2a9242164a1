#include "actors/wall_clock.hpp"
#include "tests/support/mail_fixture.hpp"

namespace stagepost::mailbox {
namespace {

/// What came back, of all groups asked for.
struct rescue {
  outcome how = outcome::unavailable;
  uint64_t messages = 0;
  uint64_t lost = 0;
  std::vector<std::string> folders;
};

class Recover : public testing::mail_fixture {
protected:
  Recover() { set({}); }

  void set(conf::store_settings store, uint64_t quota_bytes = 0) {
    conf::system_settings all;
    all.store = store;
    in_force_ = std::make_shared<live_settings>(all);
    reopen(quota_bytes);
  }

  /// Marks messages and expunges them.
  void expunge(const std::string& name, const std::vector<uid>& uids) {
    store(name, {uids, imap::flag_change::add, flag_deleted, {}, {}});
    EXPECT_EQ(ask<outcome_answer>(folder(name).folder, imap::expunge{false, uids}).outcome, outcome::done);
  }

  rescue recover(const std::string& only = "", instant since = {}) {
    rescue all;
    recover_messages next{only, {since, {}, {}}};
    for (bool ended = false; !ended;) {
      const auto back = ask<recovered>(account_, next);
      all.how = back.outcome;
      if (back.outcome != outcome::done) break;
      all.messages += back.messages;
      all.lost += back.lost;
      if (back.messages != 0) all.folders.push_back(back.folder);
      ended = back.ended;
      next.from = back.next;
    }
    return all;
  }

  std::vector<storage::recoverable_sum> kept() {
    return *storage::read_recoverable(*store_, account_id{1}, {}, 1000, storage::reach::disk);
  }
};

TEST_F(Recover, BringsBackWhatWasExpungedAsNewMessages) {
  put("INBOX", "one", flag_seen | flag_flagged, {"$Work"});
  put("INBOX", "two");
  const auto before = storage::read_message(*store_, folder("INBOX").id, uid{1}, storage::reach::disk);
  expunge("INBOX", {uid{1}});
  ASSERT_EQ(kept().size(), 1u);
  EXPECT_EQ(usage().size_bytes, 3u);
  const auto back = recover();
  EXPECT_EQ(back.how, outcome::done);
  EXPECT_EQ(back.messages, 1u);
  EXPECT_EQ(back.folders, std::vector<std::string>{"INBOX"});
  const auto all = entries("INBOX");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].uid, uid{3});
  EXPECT_EQ(all[1].flags, uint32_t(flag_seen | flag_flagged));
  EXPECT_EQ(all[1].keywords, 1u);
  const auto after = storage::read_message(*store_, folder("INBOX").id, uid{3}, storage::reach::disk);
  EXPECT_EQ(after->body, before->body);
  EXPECT_EQ(after->internal_date, before->internal_date);
  EXPECT_EQ(usage().size_bytes, 6u);
  EXPECT_TRUE(kept().empty());
  EXPECT_EQ(recover().messages, 0u) << "once";
  expect_sound();
}

TEST_F(Recover, BodiesStayAsLongAsTheyCanComeBack) {
  put("INBOX", "one", flag_deleted);
  ask<outcome_answer>(folder("INBOX").folder, imap::expunge{true, {}});
  EXPECT_EQ(*store_->collect(100), 0u) << "there is no mark";
  recover();
  const auto record = storage::read_message(*store_, folder("INBOX").id, uid{2}, storage::reach::disk);
  EXPECT_EQ(*storage::read_body(*store_, record->body, 0, 3, storage::reach::disk), "one");
}

TEST_F(Recover, BringsBackManyInTheirOrder) {
  std::vector<uid> all;
  for (uint32_t number = 1; number <= 150; ++number) {
    put("INBOX", "text " + std::to_string(number));
    all.emplace_back(number);
  }
  expunge("INBOX", all);
  EXPECT_EQ(kept().size(), 3u);
  EXPECT_EQ(recover().messages, 150u);
  const auto back = entries("INBOX");
  ASSERT_EQ(back.size(), 150u);
  const auto last = storage::read_message(*store_, folder("INBOX").id, back.back().uid, storage::reach::disk);
  EXPECT_EQ(*storage::read_body(*store_, last->body, 0, 100, storage::reach::disk), "text 150");
  expect_sound();
}

TEST_F(Recover, FollowsARenamedFolder) {
  create("Work");
  put("Work", "one");
  expunge("Work", {uid{1}});
  ask<outcome_answer>(account_, imap::rename_mailbox{"Work", "Play"});
  EXPECT_EQ(recover("INBOX").messages, 0u);
  EXPECT_EQ(recover("Play").folders, std::vector<std::string>{"Play"});
  EXPECT_EQ(status("Play").messages, 1u);
  expect_sound();
}

TEST_F(Recover, PutsWhatWasInADeletedFolderBesideTheInbox) {
  create("Work");
  put("Work", "one", flag_seen);
  put("Work", "two");
  EXPECT_EQ(ask<outcome_answer>(account_, imap::delete_mailbox{"Work"}).outcome, outcome::done);
  ASSERT_TRUE(eventually([&] { return !kept().empty(); })) << "the eraser leaves them";
  const auto back = recover("Work");
  EXPECT_EQ(back.messages, 2u);
  EXPECT_EQ(back.folders, std::vector<std::string>{"INBOX/Recovered"});
  EXPECT_EQ(entries("INBOX/Recovered").front().flags, uint32_t(flag_seen));
  reopen();
  EXPECT_EQ(status("INBOX/Recovered").messages, 2u);
  expect_sound();
}

TEST_F(Recover, TakesAFolderMadeAgainForTheOldOne) {
  create("Work");
  put("Work", "one");
  expunge("Work", {uid{1}});
  ask<outcome_answer>(account_, imap::delete_mailbox{"Work"});
  create("Work");
  EXPECT_EQ(recover().folders, std::vector<std::string>{"Work"});
  EXPECT_EQ(status("Work").messages, 1u);
}

TEST_F(Recover, OnlyWhatWasExpungedSince) {
  put("INBOX", "one");
  put("INBOX", "two");
  {
    wall_clock_shift shift(-std::chrono::hours(48));
    expunge("INBOX", {uid{1}});
  }
  expunge("INBOX", {uid{2}});
  EXPECT_EQ(recover("", wall_clock() - std::chrono::hours(24)).messages, 1u);
  EXPECT_EQ(kept().size(), 1u);
  EXPECT_EQ(recover().messages, 1u);
}

TEST_F(Recover, AMovedMessageIsNotExpunged) {
  create("Work");
  put("INBOX", "one");
  copy("INBOX", {uid{1}}, "Work", true);
  copy("Work", {uid{1}}, "Work", true); // as a copy and a removal
  EXPECT_EQ(status("Work").messages, 1u);
  EXPECT_TRUE(kept().empty());
  expect_sound();
}

TEST_F(Recover, KeepsNothingWhenToldSo) {
  set({.undelete_retention = std::chrono::days(0)});
  create("Work");
  put("INBOX", "one");
  put("Work", "two");
  expunge("INBOX", {uid{1}});
  ask<outcome_answer>(account_, imap::delete_mailbox{"Work"});
  EXPECT_TRUE(eventually([&] { return storage::read_doomed(*store_, 1, storage::reach::disk)->empty(); }));
  EXPECT_TRUE(kept().empty());
  EXPECT_EQ(recover().messages, 0u);
  expect_sound();
}

TEST_F(Recover, AFailedCommitLeavesAllWhereItWas) {
  put("INBOX", "one");
  expunge("INBOX", {uid{1}});
  hold();
  caf::scoped_actor client(*system_);
  auto asked = client->request(account_, testing::patience, recover_messages{});
  await();
  break_held();
  asked.receive([](recovered& failed) { EXPECT_EQ(failed.outcome, outcome::unavailable); },
                [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  EXPECT_EQ(kept().size(), 1u);
  EXPECT_EQ(status("INBOX").messages, 0u);
  reopen();
  EXPECT_EQ(recover().messages, 1u);
  EXPECT_EQ(status("INBOX").messages, 1u);
  expect_sound();
}

TEST_F(Recover, TwoWhoAskAtOnceGetItOnce) {
  put("INBOX", "one");
  expunge("INBOX", {uid{1}});
  hold();
  caf::scoped_actor client(*system_);
  auto first = client->request(account_, testing::patience, recover_messages{});
  auto second = client->request(account_, testing::patience, recover_messages{});
  await();
  release();
  uint64_t back = 0;
  for (auto* each : {&first, &second})
    each->receive([&](recovered& answer) { back += answer.messages; },
                  [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  EXPECT_EQ(back, 1u);
  EXPECT_EQ(status("INBOX").messages, 1u);
}

TEST_F(Recover, LeavesOutWhatHasLostItsBody) {
  const auto first = put("INBOX", "one");
  put("INBOX", "two");
  const auto body = storage::read_message(*store_, first.folder, uid{1}, storage::reach::disk)->body;
  expunge("INBOX", {uid{1}, uid{2}});
  storage::batch b(*store_);
  storage::drop_reference(b, body, storage::blob_owner::mailbox, first.folder.value, 1);
  storage::batch* const one[] = {&b};
  ASSERT_TRUE(store_->commit(one).front());
  ASSERT_TRUE(store_->collect(100));
  const auto back = recover();
  EXPECT_EQ(back.messages, 1u);
  EXPECT_EQ(back.lost, 1u);
  EXPECT_TRUE(kept().empty());
  expect_sound();
}

TEST_F(Recover, StopsAtTheQuota) {
  set({}, 100);
  put("INBOX", std::string(60, 'x'));
  expunge("INBOX", {uid{1}});
  put("INBOX", std::string(60, 'y'));
  EXPECT_EQ(recover().how, outcome::over_quota);
  EXPECT_EQ(kept().size(), 1u);
  EXPECT_EQ(status("INBOX").messages, 1u);
}

TEST_F(Recover, CountsToTheQuotaWhereTheSettingsSaySo) {
  set({.undelete_counts_to_quota = true}, 100);
  put("INBOX", std::string(60, 'x'));
  expunge("INBOX", {uid{1}});
  ASSERT_TRUE(eventually([&] { return usage().size_bytes == 60; }));
  EXPECT_EQ(put("INBOX", std::string(60, 'y')).outcome, outcome::over_quota);
  reopen(100);
  EXPECT_EQ(usage().size_bytes, 60u) << "also after a restart";
  EXPECT_EQ(recover().messages, 1u) << "it takes no more room than it took";
  EXPECT_TRUE(eventually([&] { return usage().size_bytes == 60; }));
  EXPECT_EQ(put("INBOX", std::string(60, 'y')).outcome, outcome::over_quota);
}

TEST_F(Recover, ReadsFromADiskThatTakesItsTime) {
  put("INBOX", "one");
  expunge("INBOX", {uid{1}});
  reopen();
  make_cold();
  EXPECT_EQ(recover().messages, 1u);
  EXPECT_EQ(status("INBOX").messages, 1u);
}

} // namespace
} // namespace stagepost::mailbox
