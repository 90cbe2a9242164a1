#include "actors/spool/queue.hpp"

#include "actors/wall_clock.hpp"
#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/trace_table.hpp"
#include "tests/support/tree_fixture.hpp"

namespace stagepost::spool {
namespace {

class SpoolQueue : public testing::tree_fixture {
protected:
  SpoolQueue() {
    must(domain::create_domain{"example.org"});
    add_user("alice@example.org");
    add_user("bob@example.org");
  }
  queue_answer remove(queue_id id) { return ask<queue_answer>(tree_.shards[0].queue, delete_message{id}); }
  queue_answer retry(queue_id id) { return ask<queue_answer>(tree_.shards[0].queue, retry_message{id}); }
  /// A message that does not fit into its mailbox.
  queue_id accept_too_much() {
    auto what = message(0, {"alice@example.org"});
    what.recipients[0].target.quota_bytes = 5;
    const auto id = accept(0, what);
    await_deliveries();
    return id;
  }
};

TEST_F(SpoolQueue, DeliversAndLeavesNothingBehind) {
  const auto id = accept(0, {"alice@example.org", "bob@example.org"});
  await_deliveries();
  EXPECT_EQ(messages_of("alice@example.org"), 1u);
  EXPECT_EQ(messages_of("bob@example.org"), 1u);
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  size_t delivered = 0;
  const auto trace = storage::read_trace(*shards_[0], id, storage::reach::disk);
  ASSERT_TRUE(trace);
  for (const auto& step : *trace) delivered += step.kind == storage::trace_kind::delivered;
  EXPECT_EQ(delivered, 2u);
  EXPECT_EQ(counters_->value(metrics::counter::messages_delivered), 2u);
  expect_sound();
}

TEST_F(SpoolQueue, KeepsForLaterWhatDoesNotFit) {
  const auto id = accept_too_much();
  EXPECT_EQ(messages_of("alice@example.org"), 0u);
  EXPECT_TRUE(eventually([&] { return queued(0).at(0).recipients.at(0).attempts == 1; }));
  const auto waiting = queued(0);
  EXPECT_EQ(waiting[0].message.id, id);
  EXPECT_EQ(waiting[0].recipients[0].last_reply, "451 4.2.2 mailbox over quota");
  EXPECT_GT(waiting[0].recipients[0].due_at, waiting[0].message.accepted_at);
  EXPECT_EQ(counters_->value(metrics::counter::deliveries_deferred), 1u);
}

TEST_F(SpoolQueue, TriesAgainWhenTold) {
  const auto id = accept_too_much();
  EXPECT_FALSE(retry(queue_id{12345}).done);
  account_of(find("alice@example.org").target); // opened without a quota
  EXPECT_TRUE(eventually([&] { return queued(0).at(0).recipients.at(0).attempts == 1; }));
  EXPECT_TRUE(retry(id).done);
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  expect_sound();
}

TEST_F(SpoolQueue, RemembersADeferralOverARestart) {
  const auto id = accept_too_much();
  EXPECT_TRUE(eventually([&] { return queued(0).at(0).recipients.at(0).attempts == 1; }));
  restart();
  EXPECT_TRUE(eventually([&] { return retry(id).done; })); // once the new queue has read what waits
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
}

TEST_F(SpoolQueue, TriesAgainWhenTheClockJumpsAYearAhead) {
  accept_too_much();
  EXPECT_TRUE(eventually([&] { return queued(0).at(0).recipients.at(0).attempts == 1; }));
  account_of(find("alice@example.org").target); // opened without a quota
  const wall_clock_shift shift(std::chrono::days(365));
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
}

TEST_F(SpoolQueue, DoesNotWaitAYearWhenTheClockJumpsBack) {
  accept_too_much();
  EXPECT_TRUE(eventually([&] { return queued(0).at(0).recipients.at(0).attempts == 1; }));
  account_of(find("alice@example.org").target); // opened without a quota
  const wall_clock_shift shift(-std::chrono::days(365));
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
}

TEST_F(SpoolQueue, DoesNotWaitAYearWhenTheClockWasSetBackDuringAStop) {
  accept_too_much();
  EXPECT_TRUE(eventually([&] { return queued(0).at(0).recipients.at(0).attempts == 1; }));
  fell();
  const wall_clock_shift shift(-std::chrono::days(365));
  plant();
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
}

TEST_F(SpoolQueue, DeletesWhatWaits) {
  const auto id = accept(0, {"friend@elsewhere.example"});
  await_deliveries();
  ASSERT_EQ(queued(0).size(), 1u);
  EXPECT_TRUE(remove(id).done);
  EXPECT_TRUE(queued(0).empty());
  EXPECT_EQ(remove(id).sentence, "There is no such message in the spool.");
  EXPECT_EQ(storage::read_trace(*shards_[0], id, storage::reach::disk)->back().kind,
            storage::trace_kind::removed);
  expect_sound();
}

TEST_F(SpoolQueue, ListsPageByPageAndShowsOne) {
  std::vector<queue_id> all;
  for (int i = 0; i < 5; ++i) all.push_back(accept(0, {"friend@elsewhere.example"}));
  await_deliveries();
  const auto& queue = tree_.shards[0].queue;
  const auto first = ask<queue_page>(queue, list_queue{queue_id{}, 2});
  ASSERT_EQ(first.messages.size(), 2u);
  EXPECT_EQ(first.messages[0].message.id, all[0]);
  const auto next = ask<queue_page>(queue, list_queue{queue_id{first.messages[1].message.id.value + 1}, 100});
  ASSERT_EQ(next.messages.size(), 3u);
  EXPECT_EQ(next.messages[2].message.id, all[4]);
  EXPECT_EQ(ask<queue_page>(queue, show_message{all[3]}).messages.at(0).message.id, all[3]);
}

TEST_F(SpoolQueue, DeliversWhatWasAcceptedBeforeAStopOnce) {
  std::vector<accept_message> all;
  for (int i = 0; i < 20; ++i) all.push_back(message(0, {"alice@example.org", "bob@example.org"}));
  for (const auto& each : all) accept(0, each);
  restart(); // in the middle of it
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  EXPECT_EQ(messages_of("alice@example.org"), 20u);
  EXPECT_EQ(messages_of("bob@example.org"), 20u);
  expect_sound();
}

TEST_F(SpoolQueue, DeliversToAUserWhoseAliasesWereDeletedMeanwhile) {
  auto what = message(0, {"alice@example.org"});
  what.recipients[0].recipient.address = "nick@example.org"; // a name he had
  what.recipients[0].target.quota_bytes = 5;
  const auto id = accept(0, what);
  EXPECT_TRUE(eventually([&] { return queued(0).at(0).recipients.at(0).attempts == 1; }));
  EXPECT_TRUE(eventually([&] { return retry(id).done; }));
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  EXPECT_EQ(messages_of("alice@example.org"), 1u);
}

TEST_F(SpoolQueue, DeliversTheOthersWhenOneRecordIsDamaged) {
  const auto damaged = shards_[0]->next_queue_id(from_unix_milliseconds(1700000000000));
  const auto id = accept_too_much();
  ASSERT_LT(damaged, id);
  committer::commit_batch change{std::make_shared<storage::batch>(*shards_[0]), nullptr};
  storage::batch_access::put(*change.changes, storage::family::spool, storage::key::queue(damaged), "\x7f");
  ask<committer::committed>(tree_.shards[0].with.committer, change);
  restart(); // now both are read from disk, the damaged one first
  EXPECT_TRUE(eventually([&] { return retry(id).done; }));
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
  EXPECT_FALSE(remove(damaged).done); // what it keeps alive is not known
}

TEST_F(SpoolQueue, KeepsADamagedRecipientAndDeliversTheOthers) {
  const auto id = accept(0, {"friend@elsewhere.example"});
  await_deliveries();
  storage::spool_recipient alice;
  alice.index = 1;
  alice.address = "alice@example.org";
  alice.state = storage::recipient_state::local;
  alice.account = find(alice.address).target.account;
  alice.shard = find(alice.address).target.shard;
  committer::commit_batch change{std::make_shared<storage::batch>(*shards_[0]), nullptr};
  storage::batch_access::put(*change.changes, storage::family::spool_recipients,
                             storage::key::queue_item(id, 0), "\x7f");
  storage::put_recipient(*change.changes, id, alice);
  ask<committer::committed>(tree_.shards[0].with.committer, change);
  restart();
  EXPECT_TRUE(eventually([&] { return messages_of("alice@example.org") == 1; }));
  await_deliveries();
  ASSERT_EQ(queued(0).size(), 1u); // not lost with him
  EXPECT_EQ(queued(0)[0].damaged, std::vector{0u});
  EXPECT_TRUE(remove(id).done);
  expect_sound();
}

} // namespace
} // namespace stagepost::spool
