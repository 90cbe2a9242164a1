#include "actors/mailbox/accounts.hpp"

#include "tests/support/mail_fixture.hpp"

namespace stagepost::mailbox {
namespace {

class Accounts : public testing::mail_fixture {
protected:
  Accounts() {
    end(account_);
    account_ = nullptr;
    ask<committer::lease_revoked>(committer_, committer::revoke_lease{lease_}); // its folders are on disk
  }
  ~Accounts() override {
    end(all_);
    account_ = system_->spawn(account, with_, account_id{99}, 0, nullptr); // what the fixture ends
  }

  account_actor open_account_of(uint64_t number, caf::actor_addr session = {}, uint64_t quota_bytes = 0) {
    return ask<account_opened>(all_, open_account{account_id{number}, quota_bytes, session}).account;
  }
  deliver_message delivery_of(uint64_t number, bytes_view text) {
    auto what = order("INBOX", text);
    what.delivery = true;
    return {account_id{number}, 0, what};
  }
  inserted deliver(uint64_t number, bytes_view text) {
    return ask<inserted>(all_, delivery_of(number, text));
  }
  /// One round of putting idle accounts to sleep, and its end.
  void tick() {
    caf::anon_send(all_, atom::tick::value);
    open_account_of(77); // behind the round; 77 may be asked to end by a later one
  }
  bool is_alive(const account_actor& which) {
    caf::scoped_actor self(*system_);
    bool alive = false;
    self->request(which, testing::patience, atom::status::value)
        .receive([&](struct usage&) { alive = true; }, [](caf::error&) {});
    return alive;
  }

  accounts_self all_ = system_->spawn(accounts, with_, accounts_limits{20000, std::chrono::seconds(0)});
};

TEST_F(Accounts, StartsAnAccountOnceForAll) {
  const auto session = system_->spawn(testing::watcher);
  EXPECT_EQ(open_account_of(1, session.address()), open_account_of(1, session.address()));
  end(session);
}

TEST_F(Accounts, PutsToSleepWhomNobodyNeedsAndWakesHimWithAllHisMail) {
  const auto first = open_account_of(1);
  EXPECT_EQ(ask<inserted>(first, order("INBOX", "a")).outcome, outcome::done);
  tick();
  EXPECT_TRUE(eventually([&] { return !is_alive(first); }));
  const auto again = open_account_of(1);
  EXPECT_NE(again, first);
  EXPECT_EQ(ask<struct usage>(again, atom::status::value).messages, 1u);
}

TEST_F(Accounts, LeavesAnAccountWithASessionAwakeUntilTheSessionEnds) {
  const auto session = system_->spawn(testing::watcher);
  const auto busy = open_account_of(1, session.address());
  const auto idle = open_account_of(2);
  tick();
  EXPECT_TRUE(eventually([&] { return !is_alive(idle); }));
  EXPECT_TRUE(is_alive(busy));
  EXPECT_EQ(open_account_of(1, session.address()), busy);
  end(session);
  EXPECT_TRUE(eventually([&] {
    tick();
    return !is_alive(busy);
  }));
}

TEST_F(Accounts, IsHeldByNoSessionThatIsGoneAlready) {
  auto session = system_->spawn(testing::watcher);
  const auto address = session.address();
  end(session);
  session = nullptr;
  ASSERT_TRUE(eventually([&] { return !caf::actor_cast<caf::strong_actor_ptr>(address); }));
  const auto opened = open_account_of(1, address);
  EXPECT_TRUE(is_alive(opened));
  EXPECT_TRUE(eventually([&] {
    tick();
    return !is_alive(opened);
  }));
}

TEST_F(Accounts, DeliversToAnAccountThatIsAskedToEnd) {
  open_account_of(1);
  caf::scoped_actor client(*system_);
  caf::anon_send(all_, atom::tick::value);
  for (int i = 0; i < 20; ++i) {
    auto what = order("INBOX", "mail " + std::to_string(i));
    what.delivery = true;
    const auto answer = ask<inserted>(all_, deliver_message{account_id{1}, 0, what});
    EXPECT_EQ(answer.outcome, outcome::done);
    caf::anon_send(all_, atom::tick::value);
  }
  EXPECT_EQ(ask<struct usage>(open_account_of(1), atom::status::value).messages, 20u);
  expect_sound();
}

TEST_F(Accounts, TakesTheQuotaOfWhoeverOpensTheAccount) {
  const auto session = system_->spawn(testing::watcher);
  const auto opened = open_account_of(1, session.address(), 5);
  EXPECT_EQ(ask<struct usage>(opened, atom::status::value).quota_bytes, 5u);
  EXPECT_EQ(ask<inserted>(opened, order("INBOX", "too long")).outcome, outcome::over_quota);
  open_account_of(1, session.address(), 100);
  EXPECT_EQ(ask<inserted>(opened, order("INBOX", "fits now")).outcome, outcome::done);
  end(session);
}

TEST_F(Accounts, ErasesAnAccountsFolders) {
  const auto opened = open_account_of(1);
  ask<inserted>(opened, order("INBOX", "a"));
  EXPECT_EQ(ask<outcome_answer>(all_, erase_account{account_id{1}}).outcome, outcome::done);
  EXPECT_FALSE(is_alive(opened));
  EXPECT_TRUE(storage::read_folders(*store_, account_id{1}, storage::reach::disk)->empty());
}

TEST_F(Accounts, MakesNoMailboxForOneThatWasErased) {
  EXPECT_EQ(deliver(1, "a").outcome, outcome::done);
  ask<outcome_answer>(all_, erase_account{account_id{1}});
  EXPECT_EQ(deliver(1, "b").outcome, outcome::no_such_mailbox);
  const auto ghost = open_account_of(1);
  EXPECT_TRUE(ask<folder_list>(ghost, list_folders{}).folders.empty());
  EXPECT_EQ(ask<outcome_answer>(ghost, imap::create_mailbox{"INBOX", imap::special_use::none}).outcome,
            outcome::not_permitted);
  EXPECT_TRUE(storage::read_folders(*store_, account_id{1}, storage::reach::disk)->empty());
  EXPECT_EQ(deliver(2, "c").outcome, outcome::done);
}

TEST_F(Accounts, ErasesAlsoWhatIsOnItsWayToTheDisk) {
  deliver(1, "a");
  hold();
  caf::scoped_actor client(*system_);
  auto coming = client->request(all_, testing::patience, delivery_of(1, "b"));
  await(); // one batch
  auto erased = client->request(all_, testing::patience, erase_account{account_id{1}});
  await(2); // and the account's end behind it
  auto late = client->request(all_, testing::patience, delivery_of(1, "c"));
  release();
  erased.receive([](outcome_answer& done) { EXPECT_EQ(done.outcome, outcome::done); }, is_wrong);
  coming.receive([](inserted&) { ADD_FAILURE() << "its account was gone"; }, [](caf::error&) {});
  late.receive([](inserted& done) { EXPECT_EQ(done.outcome, outcome::no_such_mailbox); }, is_wrong);
  EXPECT_TRUE(eventually([&] { return storage::verify(*store_, {})->messages == 0; }));
  expect_sound();
}

// -- two lives of one account
// --------------------------------------------------------------------------------------

TEST_F(Accounts, OneThatFailedFindsWhatWasOnItsWayToTheDisk) {
  const auto first = open_account_of(1);
  EXPECT_EQ(deliver(1, "a").uids, std::vector{uid{1}});
  hold();
  caf::scoped_actor client(*system_);
  auto coming = client->request(all_, testing::patience, delivery_of(1, "b"));
  await();
  end(first, caf::exit_reason::kill);
  auto next = client->request(all_, testing::patience, delivery_of(1, "c"));
  await(2); // not a second batch: the end of the old life
  release();
  coming.receive([](inserted&) { ADD_FAILURE() << "who had it is dead"; }, [](caf::error&) {});
  next.receive([](inserted& done) { EXPECT_EQ(done.uids, std::vector{uid{3}}); }, is_wrong);
  EXPECT_EQ(ask<struct usage>(open_account_of(1), atom::status::value).messages, 3u);
  expect_sound();
}

TEST_F(Accounts, AFolderThatFailsTakesItsAccountAlongAndNothingTwice) {
  const auto first = open_account_of(1);
  deliver(1, "a");
  const auto inbox = ask<folder_opened>(first, open_folder{"INBOX"}).folder;
  hold();
  caf::scoped_actor client(*system_);
  auto flagged = client->request(inbox, testing::patience,
                                 imap::store_flags{{uid{1}}, imap::flag_change::add, flag_seen, {}, {}});
  await();
  end(inbox, caf::exit_reason::kill);
  auto next = client->request(all_, testing::patience, delivery_of(1, "b"));
  await(2);
  release();
  flagged.receive([](imap::stored&) { ADD_FAILURE() << "who had it is dead"; }, [](caf::error&) {});
  // It may have met the old life: then it was refused, and nothing of it is there.
  bool refused = false;
  next.receive([](inserted& done) { EXPECT_EQ(done.uids, std::vector{uid{2}}); },
               [&](caf::error&) { refused = true; });
  if (refused) {
    EXPECT_EQ(deliver(1, "b").uids, std::vector{uid{2}});
  }
  const auto again = ask<folder_opened>(open_account_of(1), open_folder{"INBOX"}).folder;
  EXPECT_NE(again, inbox);
  const auto state = ask<status_answer>(again, atom::status::value).status;
  EXPECT_EQ(state.messages, 2u);
  EXPECT_EQ(state.unseen, 1u); // the flag is on disk and is seen
  expect_sound();
}

TEST_F(Accounts, SaysThatADeliveryFailedOnlyWhenTheDiskKnowsItsEnd) {
  const auto first = open_account_of(1);
  deliver(1, "a");
  hold();
  caf::scoped_actor client(*system_);
  auto coming = client->request(all_, testing::patience, delivery_of(1, "b"));
  await();
  end(first, caf::exit_reason::kill);
  await(2);
  break_held();
  coming.receive([](inserted&) { ADD_FAILURE() << "the disk broke"; },
                 [&](caf::error&) { EXPECT_EQ(storage::verify(*store_, {})->messages, 1u); });
  EXPECT_EQ(deliver(1, "b").uids, std::vector{uid{2}});
  expect_sound();
}

// -- accounts that are not in memory
// -------------------------------------------------------------------------------

TEST_F(Accounts, OthersGoOnWhileOneIsReadFromTheDisk) {
  deliver(1, "a");
  deliver(2, "b");
  end(open_account_of(1), caf::exit_reason::kill);
  const auto awake = open_account_of(2);
  make_cold();
  hold_reading();
  caf::scoped_actor client(*system_);
  auto coming = client->request(all_, testing::patience, delivery_of(1, "c"));
  await_reading();
  EXPECT_EQ(ask<struct usage>(awake, atom::status::value).messages, 1u);
  EXPECT_EQ(deliver(2, "d").outcome, outcome::done);
  release_reading();
  coming.receive([](inserted& done) { EXPECT_EQ(done.uids, std::vector{uid{2}}); }, is_wrong);
}

TEST_F(Accounts, OneThatCannotBeReadIsTriedAgainByTheNextWhoAsks) {
  deliver(1, "a");
  end(open_account_of(1), caf::exit_reason::kill);
  make_cold();
  hold_reading();
  caf::scoped_actor client(*system_);
  auto refused = client->request(all_, testing::patience, delivery_of(1, "b"));
  await_reading();
  refuse_reading();
  refused.receive([](inserted& done) { EXPECT_EQ(done.outcome, outcome::unavailable); }, is_wrong);
  EXPECT_EQ(deliver(1, "b").uids, std::vector{uid{2}});
}

} // namespace
} // namespace stagepost::mailbox
