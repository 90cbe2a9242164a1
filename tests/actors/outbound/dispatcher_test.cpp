#include "actors/outbound/dispatcher.hpp"

#include "actors/wall_clock.hpp"
#include "tests/support/held_readers.hpp"
#include "tests/support/tree_fixture.hpp"

#include <mutex>
#include <vector>

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
      [](const find_gateway&) {
        route none;
        none.failed = smtp_client::outcome_of(smtp_client::connection_failure::unreachable,
                                              smtp_client::stage::connect);
        return none;
      },
  };
}

/// The questions a web server was asked.
struct questions {
  std::vector<web::fetch> all() {
    const std::lock_guard hold(guard);
    return asked;
  }
  std::mutex guard;
  std::vector<web::fetch> asked;
};

web::fetcher_actor::behavior_type peer_of_one(web::fetcher_actor::pointer, std::shared_ptr<questions> notes) {
  return {[notes](const web::fetch& what) {
    const std::lock_guard hold(notes->guard);
    notes->asked.push_back(what);
    return web::fetched{200, R"({"messages": 1})", "application/json", {}};
  }};
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
    if (fetcher_) end(std::exchange(fetcher_, nullptr));
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
    with->gateways = gateways_;
    with->fetcher = fetcher_;
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
  live_gateways_ptr gateways_ = std::make_shared<live_gateways>();
  web::fetcher_actor fetcher_;
  std::shared_ptr<questions> asked_ = std::make_shared<questions>();
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

TEST_F(Dispatcher, LetsNobodyRestWhenADomainChangesItsWayOut) {
  auto settings = testing::quick_settings();
  settings.smtp_out.rest_after_failure = std::chrono::hours(1);
  settings_->set(settings);
  accept(0, {"friend@far.example"});
  begin(conf::outbound_scope::all);
  EXPECT_TRUE(eventually([&] { return attempts_at("friend@far.example") == 1; }));
  EXPECT_TRUE(eventually([&] { return status().destinations == 0; }));
  accept(0, {"second@far.example"});
  caf::anon_send(dispatcher_, has_due{"far.example"});
  EXPECT_EQ(status().destinations + status().waiting, 0u);
  EXPECT_EQ(attempts_at("second@far.example"), 0u);
  settings_->note_other_way();
  EXPECT_TRUE(eventually([&] { return attempts_at("second@far.example") == 1; }));
}

TEST_F(Dispatcher, SendsByGatewayWhereOnlyNamedWaysMayBeTaken) {
  outgoing_gateway made;
  made.number = 1;
  made.settings.address = "192.0.2.1";
  made.settings.priority_from = 6;
  const auto id = accept(0, {"friend@far.example"});
  const auto before = queued(0).at(0).recipients.at(0);
  begin(conf::outbound_scope::routes);
  status();
  gateways_->set({{made}, {}}); // not those of its priority
  EXPECT_TRUE(eventually([&] { return status().destinations == 0 && status().waiting == 0; }));
  EXPECT_EQ(attempts_at("friend@far.example"), 0u);
  auto after = before;
  after.priority = 6;
  auto change = std::make_shared<storage::batch>(*shards_[0]);
  storage::change_recipient(*change, id, before, after);
  commit(change);
  caf::anon_send(dispatcher_, has_due{"far.example"});
  EXPECT_TRUE(eventually([&] { return attempts_at("friend@far.example") == 1; }));
}

TEST_F(Dispatcher, AsksGatewaysInPeerModeHowMuchWaitsThere) {
  fetcher_ = system_->spawn(peer_of_one, asked_);
  outgoing_gateway made;
  made.number = 1;
  made.server_password = "secret";
  made.settings.peer_mode = true;
  made.settings.server_url = "https://gw.example/";
  made.settings.server_user = "us";
  gateways_->set({{made}, {}});
  begin(conf::outbound_scope::all);
  EXPECT_TRUE(eventually([&] { return !asked_->all().empty(); }));
  const auto question = asked_->all().front();
  EXPECT_EQ(question.url, "https://gw.example/api/v1/gateway/spool-count");
  EXPECT_EQ(question.user, "us");
  EXPECT_EQ(question.password, "secret");
  EXPECT_TRUE(question.verify_certificate);
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
