#include "actors/spool/intake.hpp"
#include "actors/spool/queue.hpp"

#include "storage/trace_table.hpp"
#include "tests/support/held_committer.hpp"
#include "tests/support/held_delivery.hpp"
#include "tests/support/tree_fixture.hpp"

namespace stagepost::spool {
namespace {

using testing::await_delivery;
using testing::await_reads;
using testing::count_deliveries;
using testing::deliveries;
using testing::end_delivery;
using testing::end_read;
using testing::hold_reads;
using testing::reads_held;

const std::string alice = "alice@example.org";
const std::string bob = "bob@example.org";
const delivery::delivery_result over_quota{delivery::result_kind::over_quota, "452 4.2.2 mailbox over quota"};

/// A queue whose deliveries and reads end when the test says so.
class SpoolQueueRace : public testing::tree_fixture {
protected:
  SpoolQueueRace() {
    must(domain::create_domain{"example.org"});
    add_user(alice);
    add_user(bob);
    end(tree_.shards[0].intake);
    end(tree_.shards[0].queue);
    local_ = system_->spawn(testing::held_delivery);
    readers_ = system_->spawn(testing::held_readers);
    auto with = tree_.shards[0].with;
    with.readers = readers_;
    queue_ = system_->spawn(queue, with, local_, tree_.directory, settings_, counters_);
    intake_ = system_->spawn(intake, with, queue_, settings_);
    tree_.shards[0].queue = queue_;
    tree_.shards[0].intake = intake_;
  }
  ~SpoolQueueRace() override {
    fell();
    end(local_);
    end(readers_);
    queue_ = nullptr;
    intake_ = nullptr;
  }

  size_t await(const std::string& who) { return ask<deliveries>(local_, await_delivery{who}).count; }
  size_t tries_of(const std::string& who) { return ask<deliveries>(local_, count_deliveries{who}).count; }
  void finish(const std::string& who, const delivery::delivery_result& how) {
    ask<deliveries>(local_, end_delivery{who, how});
  }
  /// As a delivery does it: the recipient no longer waits.
  void deliver(queue_id id, const std::string& who, uint32_t index) {
    committer::commit_batch order{std::make_shared<storage::batch>(*shards_[0]), nullptr};
    storage::delete_recipient(*order.changes, id, index);
    ask<committer::committed>(tree_.shards[0].with.committer, order);
    finish(who, {delivery::result_kind::delivered, {}});
  }
  void hold(bool on) { ask<reads_held>(readers_, hold_reads{on}); }
  void await_read(size_t count) { ask<reads_held>(readers_, await_reads{count}); }
  void let_go(size_t which) { ask<reads_held>(readers_, end_read{which}); }
  void tick() { caf::anon_send(queue_, atom::tick::value); }
  uint64_t in_memory() { return ask<queue_status>(queue_, atom::status::value).waiting; }
  queue_answer retry(queue_id id) { return ask<queue_answer>(queue_, retry_message{id}); }

  std::vector<storage::spool_recipient> on_disk(queue_id id) {
    const auto found = storage::read_recipients(*shards_[0], id, 0, 100, storage::reach::disk);
    EXPECT_TRUE(found);
    return found ? found->recipients : std::vector<storage::spool_recipient>{};
  }
  /// A message to alice that waits for another try.
  queue_id defer_for_alice() {
    const auto id = accept(0, {alice});
    await(alice);
    finish(alice, over_quota);
    EXPECT_TRUE(eventually([&] { return in_memory() == 0; }));
    return id;
  }

  testing::held_delivery_actor local_;
  testing::held_readers_actor readers_;
  queue_self queue_;
  intake_actor intake_;
};

TEST_F(SpoolQueueRace, TriesAgainThoughTheWishCameWhileTheMessageWasWorkedOn) {
  const auto id = accept(0, {alice, bob});
  await(alice);
  await(bob);
  finish(alice, over_quota);
  ASSERT_TRUE(eventually([&] { return on_disk(id).at(0).attempts == 1; }));
  EXPECT_TRUE(retry(id).done);
  deliver(id, bob, 1);
  EXPECT_EQ(await(alice), 2u);
  EXPECT_EQ(tries_of(bob), 1u);
}

TEST_F(SpoolQueueRace, BelievesAReadThatBeganAfterTheLastChangeThoughOthersAreStillRunning) {
  const auto slow = accept(0, {bob});
  await(bob);
  finish(bob, over_quota);
  ASSERT_TRUE(eventually([&] { return in_memory() == 0; }));
  const auto id = accept(0, {alice});
  await(alice);
  hold(true);
  EXPECT_TRUE(retry(slow).done);
  await_read(1); // runs from before alice's message was put back until after it is read again
  finish(alice, over_quota);
  ASSERT_TRUE(eventually([&] { return retry(id).done; }));
  await_read(2);
  let_go(1);
  EXPECT_EQ(await(alice), 2u);
  hold(false);
  let_go(0);
  EXPECT_EQ(await(bob), 2u);
}

TEST_F(SpoolQueueRace, DeliversNothingOfADeletedMessageThatWasBeingRead) {
  const auto id = defer_for_alice();
  hold(true);
  EXPECT_TRUE(retry(id).done);
  await_read(1); // this one has found alice waiting
  caf::scoped_actor self(*system_);
  auto removal = self->request(queue_, testing::patience, delete_message{id});
  await_read(2);
  let_go(1);
  removal.receive([](queue_answer& answer) { EXPECT_TRUE(answer.done) << answer.sentence; },
                  [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  hold(false);
  let_go(0);
  EXPECT_TRUE(queued(0).empty()); // asked after it
  EXPECT_EQ(in_memory(), 0u);
  EXPECT_EQ(tries_of(alice), 1u);
  EXPECT_TRUE(on_disk(id).empty());
  expect_sound();
}

TEST_F(SpoolQueueRace, SaysThatAMessageOnItsWayToAMailboxCannotBeDeleted) {
  const auto id = accept(0, {alice});
  await(alice);
  const auto answer = ask<queue_answer>(queue_, delete_message{id});
  EXPECT_FALSE(answer.done);
  EXPECT_NE(answer.sentence.find("being delivered"), std::string::npos);
  finish(alice, over_quota);
  EXPECT_TRUE(eventually([&] { return ask<queue_answer>(queue_, delete_message{id}).done; }));
  EXPECT_TRUE(on_disk(id).empty());
  expect_sound();
}

TEST_F(SpoolQueueRace, DropsWhatTheIntakeTellsAfterItWasDeleted) {
  const auto id = defer_for_alice();
  enqueue_message late;
  late.what = {*storage::read_spool(*shards_[0], id, storage::reach::disk), on_disk(id), {}};
  late.what.recipients[0].attempts = 0;
  late.quotas = {0};
  EXPECT_TRUE(ask<queue_answer>(queue_, delete_message{id}).done);
  caf::anon_send(queue_, late);
  EXPECT_EQ(in_memory(), 0u);
  EXPECT_EQ(tries_of(alice), 1u);
}

TEST_F(SpoolQueueRace, GoesOnWhenTheStoreWritesAgain) {
  const auto id = accept(0, {alice});
  ask<deliveries>(local_, testing::set_writing{false});
  await(alice);
  finish(alice, {delivery::result_kind::no_store, "451 4.3.1 the disk cannot be written"});
  ASSERT_TRUE(eventually([&] { return in_memory() == 0; }));
  tick();
  EXPECT_EQ(in_memory(), 0u);
  EXPECT_EQ(tries_of(alice), 1u);
  EXPECT_EQ(on_disk(id).at(0).attempts, 0u); // the disk's fault counts for nobody
  ask<deliveries>(local_, testing::set_writing{true});
  tick();
  EXPECT_EQ(await(alice), 2u); // not in a quarter of an hour
}

TEST_F(SpoolQueueRace, LooksAtTheDiskAgainWhenADeferralCouldNotBeWritten) {
  const auto committer = system_->spawn(testing::held_committer, shards_[0]);
  auto with = tree_.shards[0].with;
  with.committer = committer;
  auto lame = system_->spawn(queue, with, local_, tree_.directory, settings_, counters_);
  auto door = system_->spawn(intake, with, lame, settings_);
  ask<testing::held>(committer, testing::hold_batches{1}); // the message itself
  const auto what = message(0, {alice});
  EXPECT_EQ(ask<message_accepted>(door, what).id, what.id);
  await(alice);
  finish(alice, over_quota);
  ask<testing::held>(committer, testing::await_held{1});
  ask<testing::held>(committer, testing::break_batches{});
  caf::anon_send(lame, atom::tick::value);
  EXPECT_EQ(await(alice), 2u);
  EXPECT_EQ(on_disk(what.id).at(0).attempts, 0u);
  end(door);
  end(lame);
  end(committer);
}

TEST_F(SpoolQueueRace, AnswersAClientThatWaitsForFirstTries) {
  auto what = message(0, {alice, bob, alice});
  what.try_first = true;
  caf::scoped_actor self(*system_);
  auto accepted = self->request(intake_, testing::patience, what);
  await(alice);
  await(bob);
  finish(alice, over_quota);
  deliver(what.id, bob, 1);
  accepted.receive(
      [](message_accepted& answer) {
        EXPECT_EQ(answer.tries,
                  (std::vector{first_try::over_quota, first_try::delivered, first_try::over_quota}));
      },
      [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  EXPECT_TRUE(on_disk(what.id).empty()); // or alice gets it twice when the client comes again
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  EXPECT_EQ(storage::read_trace(*shards_[0], what.id, storage::reach::disk)->back().kind,
            storage::trace_kind::refused);
  expect_sound();
}

TEST_F(SpoolQueueRace, LetsAClientWaitForABoundedTimeOnly) {
  auto what = message(0, {alice});
  what.try_first = true;
  EXPECT_EQ(ask<message_accepted>(intake_, what).tries, std::vector{first_try::kept});
  finish(alice, over_quota); // it is the spool's now
  EXPECT_TRUE(eventually([&] { return on_disk(what.id).at(0).attempts == 1; }));
}

} // namespace
} // namespace stagepost::spool
