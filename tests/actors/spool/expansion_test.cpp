#include "actors/delivery/local.hpp"
#include "actors/envelope_record.hpp"
#include "actors/spool/intake.hpp"
#include "actors/spool/queue.hpp"
#include "storage/trace_table.hpp"
#include "tests/support/held_committer.hpp"
#include "tests/support/tree_fixture.hpp"

namespace stagepost::spool {
namespace {

/// An alias of so many people that it is written out in several pieces.
class AliasExpansion : public testing::tree_fixture {
protected:
  static constexpr size_t people = 1200;

  AliasExpansion() {
    must(domain::create_domain{"example.org"});
    const auto domain = storage::find_domain(*system_store_, "example.org", storage::reach::disk);
    std::vector<std::string> targets;
    // Written straight into the store: nobody here needs a password.
    committer::commit_batch users{std::make_shared<storage::batch>(*system_store_), nullptr};
    for (size_t i = 0; i < people; ++i) {
      storage::account_record user;
      user.id = storage::next_account(*system_store_);
      user.domain = domain->id;
      user.local_part = "user" + std::to_string(i);
      user.shard = 0;
      accounts_.push_back(user.id);
      storage::put_account(*users.changes, user);
      targets.push_back(user.local_part + "@example.org");
    }
    ask<committer::committed>(tree_.system_committer, users);
    targets.push_back("friend@elsewhere.example");
    must(domain::put_alias{"all@example.org", targets});
  }

  uint64_t messages_of(account_id who) {
    uint64_t sum = 0;
    const auto folders = storage::read_folders(*shards_[0], who, storage::reach::disk);
    if (!folders) return 0;
    for (const auto& each : *folders)
      if (const auto counters = storage::read_counters(*shards_[0], each.id, storage::reach::disk))
        sum += counters->messages;
    return sum;
  }
  /// The message is gone, and its sender, who is elsewhere, will hear why.
  bool is_reported(queue_id id) {
    const auto waiting = queued(0);
    const auto trace = storage::read_trace(*shards_[0], id, storage::reach::disk);
    return waiting.size() == 1 && !waiting[0].recipients.empty() &&
           waiting[0].recipients[0].address == "sender@elsewhere.example" && trace &&
           trace->back().kind == storage::trace_kind::bounced;
  }
  void expect_everybody_once() {
    for (const auto each : accounts_) ASSERT_EQ(messages_of(each), 1u) << each.value;
  }

  std::vector<account_id> accounts_;
};

TEST_F(AliasExpansion, ReachesEverybodyOnceAlsoWhoIsNamedBeside) {
  accept(0, {"all@example.org", "user7@example.org"});
  await_deliveries();
  expect_everybody_once();
  const auto left = queued(0);
  ASSERT_EQ(left.size(), 1u); // waits for whoever is elsewhere
  ASSERT_EQ(left[0].recipients.size(), 1u);
  EXPECT_EQ(left[0].recipients[0].address, "friend@elsewhere.example");
  expect_sound();
}

TEST_F(AliasExpansion, GoesOnAfterACrashBetweenItsPieces) {
  // A queue of its own whose disk stops after the first piece.
  const auto held = system_->spawn(testing::held_committer, shards_[0]);
  ask<testing::held>(held, testing::hold_batches{2}); // the message itself and one piece
  auto with = tree_.shards[0].with;
  with.committer = held;
  const auto lame = system_->spawn(queue, with, tree_.shards[0].local, tree_.directory, tree_.outbound,
                                   tree_.checker, settings_, counters_, tree_.statistics, tree_.responder);
  const auto door = system_->spawn(intake, with, lame, settings_, tree_.statistics, tree_.throttle);
  const auto what = message(0, {"all@example.org"});
  EXPECT_EQ(ask<message_accepted>(door, what).id, what.id);
  ask<testing::held>(held, testing::await_held{1});
  end(door, caf::exit_reason::kill);
  end(lame, caf::exit_reason::kill);
  end(held, caf::exit_reason::kill); // what it held is lost
  with = {};
  const auto written = storage::read_recipients(*shards_[0], what.id, 0, 10000, storage::reach::disk);
  ASSERT_TRUE(written);
  EXPECT_EQ(written->recipients.size(), 501u); // the alias and a piece of 500

  restart();
  ASSERT_TRUE(eventually([&] { return queued(0).at(0).recipients.size() == 1; }));
  expect_everybody_once();
  const auto left = queued(0);
  ASSERT_EQ(left.size(), 1u);
  ASSERT_EQ(left[0].recipients.size(), 1u);
  EXPECT_EQ(left[0].recipients[0].address, "friend@elsewhere.example");
  expect_sound();
}

TEST_F(AliasExpansion, PassesOverWhomTheMessageWasDeliveredToBefore) {
  must(domain::put_alias{"two@example.org", {"user1@example.org", "user2@example.org"}});
  auto what = message(0, {"two@example.org"});
  what.envelope.delivered_to = {"user2@example.org"};
  accept(0, what);
  await_deliveries();
  EXPECT_EQ(messages_of(accounts_[1]), 1u);
  EXPECT_EQ(messages_of(accounts_[2]), 0u);
  EXPECT_TRUE(eventually([&] { return is_reported(what.id); }));
}

TEST_F(AliasExpansion, ReturnsMailForAnAliasWhoseDomainWasDeleted) {
  must(domain::create_domain{"gone.example"});
  must(domain::put_alias{"club@gone.example", {"user1@example.org"}});
  const auto what = message(0, {"club@gone.example"});
  end(tree_.shards[0].queue); // nobody looks at it for now
  EXPECT_EQ(ask<message_accepted>(tree_.shards[0].intake, what).id, what.id);
  must(domain::delete_domain{"gone.example"});
  restart();
  EXPECT_TRUE(eventually([&] { return is_reported(what.id); }));
  EXPECT_EQ(messages_of(accounts_[1]), 0u);
}

} // namespace
} // namespace stagepost::spool
