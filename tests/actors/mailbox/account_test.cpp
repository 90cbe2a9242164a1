#include "actors/mailbox/account.hpp"

#include "tests/support/mail_fixture.hpp"

#include <algorithm>

namespace stagepost::mailbox {
namespace {

class Account : public testing::mail_fixture {
protected:
  std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const auto& each : ask<folder_list>(account_, list_folders{}).folders)
      all.push_back(each.no_select ? each.name + " (level)" : each.name);
    std::sort(all.begin(), all.end());
    return all;
  }
  outcome remove(const std::string& name) {
    return ask<outcome_answer>(account_, imap::delete_mailbox{name}).outcome;
  }
  outcome rename(const std::string& from, const std::string& to) {
    return ask<outcome_answer>(account_, imap::rename_mailbox{from, to}).outcome;
  }
};

TEST_F(Account, BeginsWithTheUsualFolders) {
  EXPECT_EQ(names(),
            (std::vector<std::string>{"Deleted Items", "Drafts", "INBOX", "Junk E-Mail", "Sent Items"}));
  for (const auto& each : ask<folder_list>(account_, list_folders{}).folders) {
    EXPECT_TRUE(each.subscribed) << each.name;
    EXPECT_EQ(each.use == imap::special_use::sent, each.name == "Sent Items");
  }
  reopen();
  EXPECT_EQ(names().size(), 5u);
}

/// With names of folders of the operator's choice, and another account than the one that every fixture
/// starts.
class AccountWithNames : public Account {
protected:
  void start(const conf::system_settings& settings) {
    in_force_ = std::make_shared<live_settings>(settings);
    reopen();
    end(account_);
    account_ = system_->spawn(account, with_, account_id{2}, uint64_t(0), lease_);
  }
  imap::special_use use_of(const std::string& name) {
    for (const auto& each : ask<folder_list>(account_, list_folders{}).folders)
      if (each.name == name) return each.use;
    return imap::special_use::none;
  }
};

TEST_F(AccountWithNames, GivesNewAccountsTheFoldersThatAreSet) {
  conf::system_settings chosen;
  chosen.imap.sent_folder = "Mail/Gesendet";
  chosen.imap.trash_folder = "Papierkorb";
  start(chosen);
  const std::vector<std::string> expected{"Drafts",       "INBOX",         "Junk E-Mail",
                                          "Mail (level)", "Mail/Gesendet", "Papierkorb"};
  EXPECT_EQ(names(), expected);
  EXPECT_EQ(use_of("Mail/Gesendet"), imap::special_use::sent);
  EXPECT_EQ(use_of("Papierkorb"), imap::special_use::trash);

  start(conf::system_settings{});
  EXPECT_EQ(names(), expected) << "what is there keeps its name";
}

TEST_F(Account, FindsTheInboxWhateverItsCase) {
  put("inbox", "a");
  EXPECT_EQ(status("InBoX").messages, 1u);
  EXPECT_EQ(create("Inbox"), outcome::already_exists);
  EXPECT_EQ(create("iNbOx/Lists"), outcome::done);
  EXPECT_EQ(status("INBOX/Lists").messages, 0u);
}

TEST_F(Account, ShowsLevelsThatAreNoFolders) {
  EXPECT_EQ(create("Work/2024/May"), outcome::done);
  const auto all = names();
  EXPECT_NE(std::find(all.begin(), all.end(), "Work (level)"), all.end());
  EXPECT_NE(std::find(all.begin(), all.end(), "Work/2024 (level)"), all.end());
  EXPECT_EQ(remove("Work/2024"), outcome::has_children);
  EXPECT_EQ(remove("Nowhere"), outcome::no_such_mailbox);
}

TEST_F(Account, RenamesAFolderWithAllBelowIt) {
  create("Work");
  create("Work/May");
  create("Workshop");
  put("Work/May", "a", flag_flagged);
  const auto validity = status("Work/May").uid_validity;
  EXPECT_EQ(rename("Work", "Old/Work"), outcome::done);
  EXPECT_EQ(folder("Work").outcome, outcome::no_such_mailbox);
  EXPECT_EQ(folder("Workshop").outcome, outcome::done);
  reopen();
  EXPECT_EQ(entries("Old/Work/May")[0].flags, flag_flagged);
  EXPECT_EQ(status("Old/Work/May").uid_validity, validity);
  EXPECT_EQ(folder("Work/May").outcome, outcome::no_such_mailbox);
  expect_sound();
}

TEST_F(Account, RefusesRenamesThatCannotBe) {
  create("Work");
  create("Play");
  EXPECT_EQ(rename("Work", "Play"), outcome::already_exists);
  EXPECT_EQ(rename("Work", "Work/Below"), outcome::cannot);
  EXPECT_EQ(rename("INBOX", "Elsewhere"), outcome::cannot);
  EXPECT_EQ(rename("Nowhere", "Somewhere"), outcome::no_such_mailbox);
  EXPECT_EQ(remove("INBOX"), outcome::cannot);
}

TEST_F(Account, KeepsSubscriptions) {
  create("Lists");
  EXPECT_EQ(ask<outcome_answer>(account_, imap::subscribe_mailbox{"Lists", true}).outcome, outcome::done);
  EXPECT_EQ(ask<outcome_answer>(account_, imap::subscribe_mailbox{"Nowhere", true}).outcome,
            outcome::no_such_mailbox);
  reopen();
  const auto all = ask<folder_list>(account_, list_folders{}).folders;
  const auto lists =
      std::find_if(all.begin(), all.end(), [](const auto& each) { return each.name == "Lists"; });
  ASSERT_NE(lists, all.end());
  EXPECT_TRUE(lists->subscribed);
}

TEST_F(Account, TellsWhoWatchesAFolderThatItIsGone) {
  create("Lists");
  put("Lists", "a");
  const auto lists = folder("Lists").folder;
  const auto who = system_->spawn(testing::watcher);
  ask<view_answer>(lists, open_view{who});
  caf::scoped_actor client(*system_);
  client->monitor(lists);
  EXPECT_EQ(remove("Lists"), outcome::done);
  client->receive([](const caf::down_msg& gone) { EXPECT_FALSE(gone.reason); });
  EXPECT_EQ(ask<testing::watch_log>(who, atom::status::value).gone, 1u);
  EXPECT_EQ(folder("Lists").outcome, outcome::no_such_mailbox);
  EXPECT_EQ(status("INBOX").messages, 0u); // the account lives on
  end(who);
}

TEST_F(Account, GivesAFolderMadeAgainAnotherValidity) {
  create("Lists");
  put("Lists", "a");
  const auto before = status("Lists").uid_validity;
  remove("Lists");
  EXPECT_EQ(create("Lists"), outcome::done);
  EXPECT_GT(status("Lists").uid_validity, before);
  EXPECT_EQ(status("Lists").messages, 0u);
}

TEST_F(Account, LeavesNothingOfADeletedFolder) {
  create("Lists");
  put("Lists", "a");
  EXPECT_EQ(remove("Lists"), outcome::done);
  EXPECT_TRUE(eventually([&] { return storage::verify(*store_, {})->messages == 0; }));
  expect_sound();
}

TEST_F(Account, PutsMailForAMissingFolderIntoTheInboxOnDeliveryOnly) {
  auto delivery = order("No such", "a");
  delivery.delivery = true;
  EXPECT_EQ(ask<inserted>(account_, delivery).outcome, outcome::done);
  EXPECT_EQ(status("INBOX").messages, 1u);
  EXPECT_EQ(put("No such", "b").outcome, outcome::no_such_mailbox);
}

TEST_F(Account, HoldsItsQuotaToTheOctetHoweverManyComeAtOnce) {
  reopen(1000);
  caf::scoped_actor client(*system_);
  const std::string text(300, 'x');
  using answer = decltype(client->request(account_, testing::patience, put_messages{}));
  std::vector<answer> answers;
  for (int i = 0; i < 6; ++i)
    answers.push_back(
        client->request(account_, testing::patience, order(i % 2 != 0 ? "INBOX" : "Drafts", text)));
  size_t stored = 0, refused = 0;
  for (auto& each : answers)
    each.receive(
        [&](inserted& done) {
          stored += done.outcome == outcome::done;
          refused += done.outcome == outcome::over_quota;
        },
        [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  EXPECT_EQ(stored, 3u);
  EXPECT_EQ(refused, 3u);
  EXPECT_EQ(usage().size_bytes, 900u);
  EXPECT_TRUE(ask<room>(account_, check_room{100}).enough);
  EXPECT_FALSE(ask<room>(account_, check_room{101}).enough);
  EXPECT_EQ(put("INBOX", std::string(100, 'y')).outcome, outcome::done);
  EXPECT_EQ(put("INBOX", "z").outcome, outcome::over_quota);
}

TEST_F(Account, HoldsItsQuotaAgainstCopiesThatComeAtOnce) {
  reopen(1000);
  put("INBOX", std::string(400, 'x'));
  const auto inbox = folder("INBOX");
  hold();
  caf::scoped_actor client(*system_);
  const copy_messages what{inbox.folder, inbox.id, {uid{1}}, "Drafts", false};
  auto first = client->request(account_, testing::patience, what);
  await();
  auto second = client->request(account_, testing::patience, what);
  EXPECT_FALSE(ask<room>(account_, check_room{400}).enough);
  release();
  first.receive([](imap::copied& done) { EXPECT_EQ(done.outcome, outcome::done); }, [](caf::error&) {});
  second.receive([](imap::copied& done) { EXPECT_EQ(done.outcome, outcome::over_quota); },
                 [](caf::error&) {});
  EXPECT_EQ(usage().size_bytes, 800u);
}

TEST_F(Account, FreesQuotaWithAnExpunge) {
  reopen(100);
  put("INBOX", std::string(100, 'x'), flag_deleted);
  EXPECT_EQ(put("INBOX", "y").outcome, outcome::over_quota);
  ask<outcome_answer>(folder("INBOX").folder, imap::expunge{true, {}});
  EXPECT_EQ(put("INBOX", "y").outcome, outcome::done);
  EXPECT_EQ(usage().size_bytes, 1u);
}

} // namespace
} // namespace stagepost::mailbox
