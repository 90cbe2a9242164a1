#include "actors/gateway/watch.hpp"

#include "storage/spool_table.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/smtp_double.hpp"

#include <atomic>
#include <mutex>

namespace stagepost::gateway {
namespace {

using namespace std::chrono_literals;

struct orders {
  std::mutex mutex;
  std::vector<std::vector<std::string>> sent;
};

outbound::dispatcher_actor::behavior_type noting(outbound::dispatcher_actor::pointer,
                                                 std::shared_ptr<orders> notes) {
  return {
      [](const outbound::has_due&) {},
      [](const outbound::look_whether_done&) {},
      [](const outbound::bar_message&) { return outbound::message_barred{}; },
      [](const outbound::unbar_message&) {},
      [notes](const outbound::send_held& what) {
        std::lock_guard lock(notes->mutex);
        notes->sent.push_back(what.destinations);
      },
      [](const outbound::record_failures&) { return outbound::failures_recorded{}; },
      [](outbound::stop_sending) { return outbound::sending_stopped{}; },
      [](atom::status) { return outbound::outbound_status{}; },
  };
}

offload::pool_actor::behavior_type quick_readers(offload::pool_actor::pointer) {
  return {[](const offload::run_work& what) {
    what.work->run();
    return offload::work_done{};
  }};
}

entry_actor::behavior_type knowing_one(entry_actor::pointer) {
  return {
      [](const may_come_in&) { return entry_answer{}; },
      [](const find_gateway& what) {
        const bool known = what.domain == "branch.test";
        return gateway_found{known ? belonging::known : belonging::none, known ? "branch" : ""};
      },
  };
}

class Watch : public testing::actor_fixture {
protected:
  Watch() {
    readers_ = system_->spawn(quick_readers);
    dispatcher_ = system_->spawn(noting, notes_);
    entry_ = system_->spawn(knowing_one);
    one_.name = "branch";
    one_.settings.addresses = {*conf::parse_network("127.0.0.1")};
    one_.settings.domains = {"branch.test", "other.test"};
    one_.settings.port = primary_.port();
  }
  ~Watch() override {
    if (watch_) end(std::exchange(watch_, nullptr));
    end(std::exchange(entry_, nullptr));
    end(std::exchange(dispatcher_, nullptr));
    end(std::exchange(readers_, nullptr));
  }

  void start() {
    gateways_->set({{}, {one_}});
    auto probes = std::make_shared<probe_setup>();
    probes->settings = std::make_shared<live_settings>(conf::system_settings{});
    probes->host_name = "gateway.test";
    probes->tls = std::make_shared<const net::client_tls>();
    mailbox::services shard;
    shard.store = store_;
    shard.readers = readers_;
    watch_ = system_->spawn(watch, watch_services{gateways_, {shard}, dispatcher_, probes, entry_}, 10ms);
  }
  void put_waiting(uint64_t number, const std::string& address) {
    storage::batch b(*store_);
    storage::spool_recipient to;
    to.address = address;
    to.state = storage::recipient_state::remote;
    to.attempts = 1;
    storage::put_recipient(b, queue_id{number}, to);
    storage::batch* const all[] = {&b};
    ASSERT_TRUE(store_->commit(all).front());
  }
  std::vector<std::vector<std::string>> sent() {
    std::lock_guard lock(notes_->mutex);
    return notes_->sent;
  }
  bool sends(std::vector<std::string> destinations) {
    return eventually([&] { return !sent().empty() && sent().back() == destinations; });
  }

  testing::temporary_folder folder_;
  std::shared_ptr<storage::store> store_ = testing::open_store(storage::store_kind::shard, folder_.path());
  std::shared_ptr<orders> notes_ = std::make_shared<orders>();
  live_gateways_ptr gateways_ = std::make_shared<live_gateways>();
  incoming_gateway one_;
  offload::pool_actor readers_;
  outbound::dispatcher_actor dispatcher_;
  entry_actor entry_;
  working_watch_actor watch_;
  std::atomic<bool> is_open_ = false;
  testing::smtp_double primary_{[this](const std::string& line) -> std::string {
    if (line == "CONNECT" && !is_open_) return "421 not now\r\n";
    return {};
  }};
};

TEST_F(Watch, HasAllSentThatWaitsForAPrimaryOnceItLetsUsInAgain) {
  put_waiting(7, "a@branch.test");
  put_waiting(8, "b@other.test");
  one_.settings.domains.clear(); // not to be found by a look at the start
  start();
  caf::anon_send(watch_, primary_refused{"branch", "branch.test"});
  caf::anon_send(watch_, primary_refused{"branch", "other.test"});
  EXPECT_TRUE(eventually([&] { return primary_.connections() > 1; }));
  EXPECT_TRUE(sent().empty());
  is_open_ = true;
  EXPECT_TRUE(sends({"branch.test", "other.test"}));
  for (const auto& line : primary_.lines()) EXPECT_FALSE(line.starts_with("MAIL")) << line;
}

TEST_F(Watch, HearsFromADeliveryThatThePrimaryIsBack) {
  put_waiting(7, "a@branch.test");
  one_.settings.domains.clear();
  start();
  caf::anon_send(watch_, primary_refused{"branch", "branch.test"});
  caf::anon_send(watch_, primary_answered{"branch"});
  EXPECT_TRUE(sends({"branch.test"}));
}

TEST_F(Watch, KnocksAfterAStartWhereMailWaited) {
  put_waiting(7, "a@Branch.test");
  is_open_ = true;
  start();
  EXPECT_TRUE(sends({"branch.test"}));
}

TEST_F(Watch, FindsAfterAStartAlsoWhatWaitsForADomainThatIsNotListed) {
  one_.settings.domain_verification = conf::domain_verification::mx;
  put_waiting(7, "a@elsewhere.test");
  put_waiting(8, "b@branch.test");
  is_open_ = true;
  start();
  EXPECT_TRUE(sends({"branch.test"}));
  EXPECT_EQ(sent().size(), 1u);
}

TEST_F(Watch, KnocksNowhereWhenNothingWaits) {
  put_waiting(7, "a@branch.test");
  one_.settings.domains.clear();
  start();
  caf::anon_send(watch_, primary_refused{"branch", "other.test"});
  caf::anon_send(watch_, primary_refused{"elsewhere", "branch.test"});
  // The one for whom something waits is knocked at after the others were looked at.
  auto second = one_;
  second.name = "later";
  gateways_->set({{}, {one_, second}});
  caf::anon_send(watch_, primary_refused{"later", "branch.test"});
  is_open_ = true;
  EXPECT_TRUE(sends({"branch.test"}));
  EXPECT_EQ(sent().size(), 1u);
  EXPECT_EQ(primary_.connections(), 1u);
}

} // namespace
} // namespace stagepost::gateway
