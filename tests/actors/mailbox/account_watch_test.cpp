#include "tests/support/mail_fixture.hpp"

namespace stagepost::testing {

/// What somebody who watches an account was told.
struct event_log {
  std::vector<imap::mailbox_event> events;
};

} // namespace stagepost::testing

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::event_log)

namespace stagepost::mailbox {
namespace {

using kind = imap::mailbox_event::kind;
using test_listener = account_watcher_actor::extend<caf::replies_to<atom::status>::with<testing::event_log>,
                                                    caf::replies_to<imap::create_mailbox>::with<bool>>;

struct listener_state {
  testing::event_log log;
};

/// Watches the account, and can be told to make a folder.
test_listener::behavior_type listener(test_listener::stateful_pointer<listener_state> self,
                                      account_actor account) {
  return {
      [self](const account_changed& what) { self->state.log.events.push_back(what.event); },
      [self](atom::status) { return self->state.log; },
      [self, account](const imap::create_mailbox& what) -> caf::result<bool> {
        auto pending = self->make_response_promise<bool>();
        self->request(account, caf::infinite, what)
            .then([pending](outcome_answer made) mutable { pending.deliver(made.outcome == outcome::done); },
                  [pending](caf::error&) mutable { pending.deliver(false); });
        return pending;
      },
  };
}

class AccountWatch : public testing::mail_fixture {
protected:
  AccountWatch() {
    who_ = system_->spawn(listener, account_);
    caf::anon_send(account_, attach_session{who_.address()});
    caf::anon_send(account_, watch_account{caf::actor_cast<account_watcher_actor>(who_), true});
    usage(); // all that was sent before has arrived
  }
  ~AccountWatch() override { end(who_); }

  std::vector<imap::mailbox_event> events() {
    usage();
    return ask<testing::event_log>(who_, atom::status::value).events;
  }

  test_listener who_;
};

TEST_F(AccountWatch, TellsOfMessagesInEveryFolder) {
  put("INBOX", "a", flag_deleted);
  put("Drafts", "b");
  ask<outcome_answer>(folder("INBOX").folder, imap::expunge{true, {}});
  store("Drafts", {{uid{1}}, imap::flag_change::add, flag_seen, {}, {}});
  ASSERT_TRUE(eventually([&] { return events().size() == 4; }));
  const auto told = events();
  EXPECT_EQ(told[0].what, kind::messages_new);
  EXPECT_EQ(told[0].mailbox.name, "INBOX");
  EXPECT_EQ(told[0].status.messages, 1u);
  EXPECT_EQ(told[0].status.uid_next, uid{2});
  EXPECT_EQ(told[0].status.unseen, 1u);
  EXPECT_EQ(told[1].mailbox.name, "Drafts");
  EXPECT_EQ(told[2].what, kind::messages_expunged);
  EXPECT_EQ(told[2].status.messages, 0u);
  EXPECT_EQ(told[2].status.id, folder("INBOX").id);
  EXPECT_EQ(told[3].what, kind::flags_changed);
  EXPECT_EQ(told[3].status.unseen, 0u);
}

TEST_F(AccountWatch, TellsBothFoldersOfAMove) {
  put("INBOX", "a");
  copy("INBOX", {uid{1}}, "Drafts", true);
  ASSERT_TRUE(eventually([&] { return events().size() == 3; }));
  std::set<std::string> names;
  for (const auto& each : events()) names.insert(each.mailbox.name + std::to_string(each.status.messages));
  EXPECT_EQ(names, (std::set<std::string>{"INBOX1", "INBOX0", "Drafts1"}));
}

TEST_F(AccountWatch, TellsOfTheListAndOfAnnotationsWhenTheyAreOnDisk) {
  create("Work");
  create("Work/May");
  ask<outcome_answer>(account_, imap::subscribe_mailbox{"Work", true});
  ask<outcome_answer>(account_, imap::rename_mailbox{"Work", "Play"});
  ask<outcome_answer>(account_, imap::write_annotations{"Play", {{"/private/a", "1"}}, 3});
  ask<outcome_answer>(account_, imap::write_annotations{"", {{"/private/b", "2"}}, 3});
  ask<outcome_answer>(account_, imap::delete_mailbox{"Play/May"});
  ASSERT_TRUE(eventually([&] { return events().size() == 8; }));
  const auto told = events();
  EXPECT_EQ(told[0].what, kind::created);
  EXPECT_EQ(told[1].mailbox.name, "Work/May");
  EXPECT_EQ(told[2].what, kind::subscription);
  EXPECT_TRUE(told[2].mailbox.subscribed);
  EXPECT_EQ(told[3].what, kind::renamed);
  EXPECT_EQ(told[3].old_name, "Work");
  EXPECT_EQ(told[3].mailbox.name, "Play");
  EXPECT_EQ(told[4].mailbox.name, "Play/May");
  EXPECT_EQ(told[5].what, kind::annotations);
  EXPECT_EQ(told[5].mailbox.name, "Play");
  EXPECT_EQ(told[5].entries, std::vector<std::string>{"/private/a"});
  EXPECT_EQ(told[6].mailbox.name, "");
  EXPECT_EQ(told[7].what, kind::deleted);
}

TEST_F(AccountWatch, DoesNotTellWhoMadeTheFolderHimself) {
  EXPECT_TRUE(ask<bool>(who_, imap::create_mailbox{"Mine", imap::special_use::none}));
  create("Others");
  ASSERT_TRUE(eventually([&] { return !events().empty(); }));
  EXPECT_EQ(events().front().mailbox.name, "Others");
}

TEST_F(AccountWatch, EndsWhenItIsNotWantedAnyMore) {
  caf::anon_send(account_, watch_account{caf::actor_cast<account_watcher_actor>(who_), false});
  create("Work");
  put("Work", "a");
  EXPECT_TRUE(events().empty());
}

TEST_F(AccountWatch, WhoLooksAtAFolderHearsItsNewName) {
  create("Work");
  const auto work = folder("Work").folder;
  const auto looking = system_->spawn(testing::watcher);
  ask<view_answer>(work, open_view{looking});
  ask<outcome_answer>(account_, imap::rename_mailbox{"Work", "Play"});
  ask<status_answer>(work, atom::status::value);
  const auto told = ask<testing::watch_log>(looking, atom::status::value).changes;
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].update.renamed_to, "Play");
  end(looking);
}

} // namespace
} // namespace stagepost::mailbox
