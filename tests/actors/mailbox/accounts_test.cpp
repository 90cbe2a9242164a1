#include "actors/mailbox/accounts.hpp"

#include "tests/support/mail_fixture.hpp"

namespace stagepost::mailbox {
namespace {

class Accounts : public testing::mail_fixture {
protected:
  Accounts() {
    end(account_);
    account_ = nullptr;
  }
  ~Accounts() override {
    end(all_);
    account_ = system_->spawn(account, with_, account_id{99}, 0); // what the fixture ends
  }

  account_actor open_account_of(uint64_t number, caf::actor_addr session = {}, uint64_t quota_bytes = 0) {
    return ask<account_opened>(all_, open_account{account_id{number}, quota_bytes, session}).account;
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

} // namespace
} // namespace stagepost::mailbox
