#include "actors/envelope_record.hpp"
#include "actors/spool/queue.hpp"
#include "actors/wall_clock.hpp"
#include "storage/trace_table.hpp"
#include "tests/support/tree_fixture.hpp"

namespace stagepost::spool {
namespace {

using std::chrono::minutes;

/// Bob writes to Alice, who cannot have it.
class LocalFailures : public testing::tree_fixture {
protected:
  LocalFailures() {
    auto changed = *settings_->get();
    changed.spool.retry_intervals = {minutes(15), minutes(30)};
    changed.spool.delay_notice_after = 0;
    settings_->set(changed);
    must(domain::create_domain{"example.org"});
    add_user("alice@example.org");
    add_user("bob@example.org");
  }
  accept_message letter(const std::vector<std::string>& to, const std::string& sender = "bob@example.org",
                        const std::string& text = "Subject: hi\r\n\r\nhi\r\n") {
    auto made = message(0, to, text);
    made.envelope.sender = sender;
    made.accepted_at = wall_clock();
    return made;
  }
  /// Alice has a MB, nearly all of it used, and this is too much for the rest.
  queue_id accept_too_much() {
    must(domain::change_user{"alice@example.org", {{"quota_mb", "1"}}});
    const auto large = "Subject: large\r\n\r\n" + std::string(250'000, 'x') + "\r\n";
    for (int i = 0; i < 4; ++i) accept(0, letter({"alice@example.org"}, "", large));
    EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
    const auto id = accept(0, letter({"alice@example.org"}, "bob@example.org", large));
    EXPECT_TRUE(has_attempts(1));
    return id;
  }
  bool has_attempts(uint32_t count) {
    return eventually([&] {
      const auto waiting = queued(0);
      return !waiting.empty() && waiting[0].recipients.at(0).attempts == count;
    });
  }
  void look_now() {
    caf::anon_send(caf::actor_cast<caf::actor>(tree_.shards[0].queue), atom::tick::value);
  }
  uint64_t messages_now(const std::string& address) {
    const auto who = find(address).target;
    uint64_t sum = 0;
    const auto folders = storage::read_folders(*shards_[who.shard], who.account, storage::reach::disk);
    if (!folders) return 0;
    for (const auto& each : *folders)
      if (const auto counters = storage::read_counters(*shards_[who.shard], each.id, storage::reach::disk))
        sum += counters->messages;
    return sum;
  }
  bool has_report(const std::string& address, uint64_t count = 1) {
    return eventually([&] { return messages_now(address) == count; });
  }
  storage::trace_step last_step(queue_id id) {
    const auto found = storage::read_trace(*shards_[0], id, storage::reach::disk);
    return found && !found->empty() ? found->back() : storage::trace_step{};
  }
  static std::string fact(const storage::trace_step& step, const std::string& name) {
    for (const auto& [key, value] : step.facts)
      if (key == name) return value;
    return {};
  }
  void expect_returned(queue_id id, const std::string& status) {
    const auto step = last_step(id);
    EXPECT_EQ(step.kind, storage::trace_kind::bounced);
    EXPECT_EQ(fact(step, "status"), status);
  }
  void tell_double_bounces_to(const std::string& address) {
    auto changed = *settings_->get();
    changed.spool.double_bounces_to = address;
    settings_->set(changed);
  }

  wall_clock_shift shift_{minutes(0)};
};

TEST_F(LocalFailures, ReturnsMailToTheSenderWhenTheMailboxStaysFull) {
  const auto id = accept_too_much();
  shift_.set(minutes(16));
  look_now();
  ASSERT_TRUE(has_attempts(2));
  EXPECT_EQ(messages_now("bob@example.org"), 0u);
  shift_.set(minutes(47));
  look_now();
  EXPECT_TRUE(has_report("bob@example.org"));
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  expect_returned(id, "5.2.2");
  EXPECT_EQ(messages_now("alice@example.org"), 4u);
  EXPECT_EQ(counters_->value(metrics::counter::deliveries_bounced), 1u);
  expect_sound();
}

TEST_F(LocalFailures, TellsTheSenderThatMailIsLate) {
  auto changed = *settings_->get();
  changed.spool.delay_notice_after = 1;
  settings_->set(changed);
  accept_too_much();
  EXPECT_TRUE(has_report("bob@example.org"));
  EXPECT_TRUE(has_attempts(1));
}

TEST_F(LocalFailures, TakesNoAttemptAwayByAnOrderToTryNow) {
  const auto id = accept_too_much();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(eventually(
        [&] { return ask<queue_answer>(tree_.shards[0].queue, retry_message{id}).done; }));
    await_deliveries();
  }
  EXPECT_TRUE(has_attempts(1));
  EXPECT_EQ(messages_now("bob@example.org"), 0u);
}

TEST_F(LocalFailures, ReturnsTheMailOfADeletedUserAlsoWhenAnotherHasHisName) {
  const auto id = accept_too_much();
  must(domain::delete_user{"alice@example.org"});
  add_user("alice@example.org");
  EXPECT_TRUE(eventually([&] { return ask<queue_answer>(tree_.shards[0].queue, retry_message{id}).done; }));
  EXPECT_TRUE(has_report("bob@example.org"));
  expect_returned(id, "5.1.1");
  EXPECT_EQ(messages_now("alice@example.org"), 0u);
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  expect_sound();
}

TEST_F(LocalFailures, TellsOfAllMembersOfAnAliasInOneReport) {
  must(domain::put_alias{"team@example.org", {"carol@example.org", "dave@example.org", "alice@example.org"}});
  const auto id = accept(0, letter({"team@example.org"}));
  EXPECT_TRUE(has_report("bob@example.org"));
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  EXPECT_EQ(messages_now("alice@example.org"), 1u);
  EXPECT_EQ(messages_now("bob@example.org"), 1u);
  const auto trace = storage::read_trace(*shards_[0], id, storage::reach::disk);
  size_t bounced = 0;
  for (const auto& step : *trace) bounced += step.kind == storage::trace_kind::bounced;
  EXPECT_EQ(bounced, 2u);
  expect_sound();
}

TEST_F(LocalFailures, AreReportedAfterAStopThatCameBefore) {
  must(domain::put_alias{"team@example.org", {"carol@example.org"}});
  const auto what = letter({"team@example.org"});
  end(tree_.shards[0].queue); // nobody looks at it for now
  EXPECT_EQ(ask<message_accepted>(tree_.shards[0].intake, what).id, what.id);
  restart();
  EXPECT_TRUE(has_report("bob@example.org"));
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  expect_sound();
}

TEST_F(LocalFailures, OfReportsAreToldToWhomTheSettingsName) {
  must(domain::put_alias{"team@example.org", {"carol@example.org"}});
  accept(0, letter({"team@example.org"}, "team@example.org"));
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  EXPECT_EQ(messages_now("bob@example.org"), 0u);
  tell_double_bounces_to("bob@example.org");
  accept(0, letter({"team@example.org"}, "team@example.org"));
  EXPECT_TRUE(has_report("bob@example.org"));
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  expect_sound();
}

// Reports of another server look like that: two could tell each other for ever.
TEST_F(LocalFailures, OfMailFromNobodyElsewhereAreToldToNobody) {
  must(domain::put_alias{"team@example.org", {"carol@example.org"}});
  tell_double_bounces_to("bob@example.org");
  const auto id = accept(0, letter({"team@example.org"}, ""));
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  expect_returned(id, "5.1.1");
  EXPECT_EQ(messages_now("bob@example.org"), 0u);
}

// Or it would be told of its own loss for ever.
TEST_F(LocalFailures, OfTheLastReportAreToldToNobody) {
  must(domain::put_alias{"team@example.org", {"carol@example.org"}});
  must(domain::put_alias{"postmaster@example.org", {"carol@example.org", "bob@example.org"}});
  tell_double_bounces_to("postmaster@example.org");
  accept(0, letter({"team@example.org"}, "team@example.org"));
  EXPECT_TRUE(has_report("bob@example.org"));
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  EXPECT_EQ(messages_now("bob@example.org"), 1u);
  EXPECT_EQ(counters_->value(metrics::counter::deliveries_bounced), 3u);
  expect_sound();
}

TEST_F(LocalFailures, OfAnAliasThatStandsForItselfAreTold) {
  must(domain::put_alias{"loop@example.org", {"loop@example.org"}});
  const auto id = accept(0, letter({"loop@example.org"}));
  EXPECT_TRUE(has_report("bob@example.org"));
  expect_returned(id, "5.4.6");
}

} // namespace
} // namespace stagepost::spool
