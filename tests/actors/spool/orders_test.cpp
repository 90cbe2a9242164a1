#include "actors/spool/intake.hpp"
#include "actors/spool/queue.hpp"
#include "tests/support/held_readers.hpp"
#include "tests/support/tree_fixture.hpp"

namespace stagepost::spool {
namespace {

/// A queue of its own on the first shard whose reads can be stopped. The tree's own has read the spool
/// before.
class QueueOrders : public testing::tree_fixture {
protected:
  QueueOrders() {
    must(domain::create_domain{"example.org"});
    add_user("alice@example.org");
    readers_ = system_->spawn(testing::held_readers);
  }
  ~QueueOrders() override { end_queue(); }

  void begin_queue() {
    auto with = tree_.shards[0].with;
    with.readers = readers_;
    queue_ = system_->spawn(queue, with, tree_.shards[0].local, tree_.directory, tree_.outbound,
                            tree_.checker, settings_, counters_, tree_.statistics, tree_.responder);
  }
  void end_queue() {
    if (!readers_) return;
    if (queue_) end(queue_);
    end(readers_);
    queue_ = nullptr;
    readers_ = nullptr;
  }
  uint64_t waiting() { return ask<queue_status>(queue_, atom::status::value).waiting; }
  void hold_reading() { ask<testing::held>(readers_, testing::hold_reads{}); }
  void await_reading() { ask<testing::held>(readers_, testing::await_reads{}); }
  void release_reading() { ask<testing::held>(readers_, testing::release_reads{}); }
  void put(queue_id id, const storage::spool_recipient& recipient) {
    committer::commit_batch change{std::make_shared<storage::batch>(*shards_[0]), nullptr};
    storage::put_recipient(*change.changes, id, recipient);
    ask<committer::committed>(tree_.shards[0].with.committer, change);
  }

  testing::held_readers_actor readers_;
  queue_actor queue_;
};

TEST_F(QueueOrders, WhatComesAfterAStartDoesNotWaitUntilTheOldSpoolIsRead) {
  accept(0, {"friend@elsewhere.example"});
  hold_reading();
  begin_queue();
  await_reading(); // the spool of before, on a disk that takes its time
  auto with = tree_.shards[0].with;
  const auto door = system_->spawn(intake, with, queue_, settings_, tree_.statistics, tree_.throttle);
  with = {};
  ask<message_accepted>(door, message(0, {"alice@example.org"}));
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
  release_reading();
  end(door);
  EXPECT_TRUE(eventually([&] { return waiting() == 0; }));
  EXPECT_EQ(messages_of("alice@example.org"), 1u);
  end_queue();
  expect_sound();
}

TEST_F(QueueOrders, AMessageThatIsBeingRetriedIsNotDeletedAtTheSameTime) {
  const auto id = accept(0, {"friend@elsewhere.example"});
  begin_queue();
  EXPECT_TRUE(ask<queue_page>(queue_, list_queue{queue_id{}, 10}).done); // behind what the start reads
  hold_reading();
  caf::scoped_actor self(*system_);
  auto retried = self->request(queue_, testing::patience, retry_message{id});
  await_reading();
  const auto answer = ask<queue_answer>(queue_, delete_message{id});
  EXPECT_FALSE(answer.done);
  EXPECT_EQ(answer.sentence, "It is being deleted or changed already.");
  release_reading();
  retried.receive([](const queue_answer& found) { EXPECT_TRUE(found.done) << found.sentence; },
                  [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  EXPECT_TRUE(ask<queue_answer>(queue_, delete_message{id}).done);
  EXPECT_TRUE(queued(0).empty());
  end_queue();
  expect_sound();
}

TEST_F(QueueOrders, AHeldAliasIsWrittenOutWhenItIsReleased) {
  must(domain::put_alias{"all@example.org", {"alice@example.org"}});
  const auto id = accept(0, {"friend@elsewhere.example"});
  storage::spool_recipient alias;
  alias.index = 1;
  alias.address = "all@example.org";
  alias.state = storage::recipient_state::held_alias;
  put(id, alias);
  restart(); // a start leaves it as it is
  await_deliveries();
  EXPECT_EQ(messages_of("alice@example.org"), 0u);
  const auto& queue = tree_.shards[0].queue;
  EXPECT_TRUE(eventually([&] {
    return ask<queue_answer>(queue, order_message{id, queue_order::release}).done;
  }));
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
  EXPECT_TRUE(eventually([&] { return queued(0).at(0).recipients.size() == 1; }));
  expect_sound();
}

} // namespace
} // namespace stagepost::spool
