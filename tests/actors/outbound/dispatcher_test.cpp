#include "actors/outbound/dispatcher.hpp"

#include "actors/wall_clock.hpp"
#include "tests/support/held_readers.hpp"
#include "tests/support/tree_fixture.hpp"

namespace stagepost::outbound {
namespace {

/// Knows no way to anybody, and says that they are not reached now.
router_actor::behavior_type lost_router(router_actor::pointer) {
  return {
      [](const explain_route&) { return route_explained{}; },
      [](const find_route&) {
        route none;
        none.failed = smtp_client::outcome_of(smtp_client::connection_failure::unreachable,
                                              smtp_client::stage::connect);
        return none;
      },
  };
}

/// A dispatcher of its own for the first shard; the tree's own sends nothing.
class Dispatcher : public testing::tree_fixture {
protected:
  Dispatcher() {
    readers_ = system_->spawn(testing::held_readers);
    router_ = system_->spawn(lost_router);
    dispatcher_ = system_->spawn(dispatcher);
  }
  ~Dispatcher() override {
    end(dispatcher_);
    end(router_);
    end(readers_);
    dispatcher_ = nullptr;
    router_ = nullptr;
    readers_ = nullptr;
  }

  void begin(conf::outbound_scope scope) {
    auto with = std::make_shared<setup>();
    auto shard = tree_.shards[0].with;
    shard.readers = readers_;
    with->shards.push_back({shard, {}});
    with->router = router_;
    with->directory = tree_.directory;
    with->settings = settings_;
    with->counters = counters_;
    with->host_name = "mail.example.org";
    with->limits.deliver = scope;
    caf::anon_send(dispatcher_, begin_sending{std::move(with)});
  }
  outbound_status status() { return ask<outbound_status>(dispatcher_, atom::status::value); }
  bool bar(queue_id id, const std::string& destination) {
    return ask<message_barred>(dispatcher_, bar_message{id, {destination}}).done;
  }
  void commit(std::shared_ptr<storage::batch> batch) {
    ask<committer::committed>(tree_.shards[0].with.committer, committer::commit_batch{batch, nullptr});
  }
  uint32_t attempts_at(const std::string& address) {
    for (const auto& message : queued(0))
      for (const auto& each : message.recipients)
        if (each.address == address) return each.attempts;
    return 0;
  }
  static storage::spool_recipient remote(uint32_t index, const std::string& address, instant due_at) {
    storage::spool_recipient made;
    made.index = index;
    made.address = address;
    made.state = storage::recipient_state::remote;
    made.attempts = 1;
    made.due_at = due_at;
    return made;
  }

  testing::held_readers_actor readers_;
  router_actor router_;
  dispatcher_self dispatcher_;
};

TEST_F(Dispatcher, TakesOutAMessageWithNobodyLeftAlsoWhenTheReadersWereBusy) {
  const auto id = accept(0, {"friend@elsewhere.example"});
  auto gone = std::make_shared<storage::batch>(*shards_[0]);
  storage::delete_recipient(*gone, id, queued(0).at(0).recipients.at(0));
  commit(gone);
  begin(conf::outbound_scope::none);
  status(); // it has begun
  ask<testing::held>(readers_, testing::hold_reads{});
  caf::anon_send(dispatcher_, look_whether_done{id});
  ask<testing::held>(readers_, testing::await_reads{2}); // that, and what each tick reads
  ask<testing::held>(readers_, testing::refuse_reads{});
  EXPECT_TRUE(eventually([&] { return queued(0).empty(); }));
  expect_sound();
}

TEST_F(Dispatcher, LetsOnlyOneHaveAMessageBarred) {
  begin(conf::outbound_scope::none);
  EXPECT_TRUE(bar(queue_id{7}, "far.example"));
  EXPECT_FALSE(bar(queue_id{7}, "far.example"));
  EXPECT_TRUE(bar(queue_id{8}, "far.example"));
  caf::anon_send(dispatcher_, unbar_message{queue_id{7}});
  EXPECT_TRUE(bar(queue_id{7}, "other.example"));
}

TEST_F(Dispatcher, SendsWhatWasBarredWhenItIsNotAnyMore) {
  const auto id = accept(0, {"friend@far.example"});
  EXPECT_TRUE(bar(id, "far.example"));
  begin(conf::outbound_scope::all);
  EXPECT_TRUE(eventually([&] { return status().destinations == 0 && status().waiting == 0; }));
  EXPECT_EQ(attempts_at("friend@far.example"), 0u);
  caf::anon_send(dispatcher_, unbar_message{id});
  EXPECT_TRUE(eventually([&] { return attempts_at("friend@far.example") == 1; }));
}

TEST_F(Dispatcher, FindsAllThatTheClockLeftBehind) {
  auto settings = testing::quick_settings();
  settings.smtp_out.routes = {"far.example=127.0.0.1"};
  settings_->set(settings);
  const auto id = accept(0, {"friend@elsewhere.example"});
  // More than are looked at in one go, none of which may be sent; and behind them one that may.
  const auto left_behind = wall_clock() + std::chrono::days(365);
  auto batch = std::make_shared<storage::batch>(*shards_[0]);
  uint32_t index = 1;
  for (; index <= 2500; ++index) storage::put_recipient(*batch, id, remote(index, "a@no.route", left_behind));
  storage::put_recipient(*batch, id, remote(index, "b@far.example", left_behind + std::chrono::hours(1)));
  commit(batch);
  begin(conf::outbound_scope::routes);
  EXPECT_TRUE(eventually([&] { return attempts_at("b@far.example") == 2; }));
  EXPECT_EQ(attempts_at("a@no.route"), 1u);
}

} // namespace
} // namespace stagepost::outbound
