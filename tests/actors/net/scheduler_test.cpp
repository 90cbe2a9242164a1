#include "actors/net/scheduler.hpp"

#include "tests/support/actor_fixture.hpp"

#include <boost/asio.hpp>

#include <atomic>
#include <future>

namespace stagepost::net {
namespace {

/// One worker, so that whoever keeps it keeps everybody.
class Scheduler : public testing::actor_fixture {
protected:
  Scheduler() : actor_fixture(1) {}
};

/// Always has one more message for itself.
caf::behavior never_idle(caf::event_based_actor* self, std::shared_ptr<std::atomic<bool>> stop) {
  self->send(self, atom::tick::value);
  return {[self, stop](atom::tick) {
    if (!*stop) self->send(self, atom::tick::value);
  }};
}

TEST_F(Scheduler, ActorsThatAlwaysHaveWorkDoNotStarveASocket) {
  const auto stop = std::make_shared<std::atomic<bool>>(false);
  for (int i = 0; i < 200; ++i) system_->spawn(never_idle, stop);
  auto& io = scheduler::of(*system_).next_io();
  boost::asio::local::stream_protocol::socket here(io), there(io);
  boost::asio::local::connect_pair(here, there);
  std::promise<size_t> got;
  char octet = 0;
  boost::asio::async_read(here, boost::asio::buffer(&octet, 1),
                          [&](boost::system::error_code, size_t count) { got.set_value(count); });
  there.send(boost::asio::buffer("x", 1));
  auto answer = got.get_future();
  EXPECT_EQ(answer.wait_for(testing::patience), std::future_status::ready);
  *stop = true;
  EXPECT_EQ(answer.get(), 1u);
}

TEST_F(Scheduler, ActorsThatAlwaysHaveWorkDoNotStarveAnother) {
  const auto stop = std::make_shared<std::atomic<bool>>(false);
  for (int i = 0; i < 200; ++i) system_->spawn(never_idle, stop);
  const auto echo =
      system_->spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int x) { return x; }}; });
  EXPECT_EQ(ask<int>(echo, 7), 7);
  *stop = true;
}

TEST_F(Scheduler, TimersFireInOrderOfTheirTimes) {
  const auto order = std::make_shared<std::vector<int>>();
  const auto done = std::make_shared<std::promise<void>>();
  system_->spawn([order, done](caf::event_based_actor* self) -> caf::behavior {
    for (const int ms : {30, 5, 20, 10, 1, 15}) self->delayed_send(self, std::chrono::milliseconds(ms), ms);
    return {[self, order, done](int ms) {
      order->push_back(ms);
      if (order->size() == 6) {
        done->set_value();
        self->quit();
      }
    }};
  });
  ASSERT_EQ(done->get_future().wait_for(testing::patience), std::future_status::ready);
  EXPECT_EQ(*order, (std::vector<int>{1, 5, 10, 15, 20, 30}));
}

TEST_F(Scheduler, AnExceptionEndsOnlyItsActor) {
  const auto lasting =
      system_->spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int x) { return x + 1; }}; });
  const auto failing = system_->spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](int) -> int { throw std::runtime_error("no good"); }};
  });
  EXPECT_TRUE(ask_for_error<int>(failing, 1));
  EXPECT_EQ(ask<int>(lasting, 1), 2);
}

TEST_F(Scheduler, ReportsWhatEscapesFromAHandlerAndGoesOn) {
  std::promise<std::string> reported;
  scheduler::of(*system_).on_escaped_exception = [&](std::exception_ptr what) {
    try {
      std::rethrow_exception(what);
    } catch (const std::exception& why) {
      reported.set_value(why.what());
    }
  };
  boost::asio::post(scheduler::of(*system_).next_io(), [] { throw std::runtime_error("escaped"); });
  auto answer = reported.get_future();
  ASSERT_EQ(answer.wait_for(testing::patience), std::future_status::ready);
  EXPECT_EQ(answer.get(), "escaped");
  const auto echo =
      system_->spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int x) { return x; }}; });
  EXPECT_EQ(ask<int>(echo, 7), 7);
}

/// A job that is no actor, and so has nobody to catch what it throws.
class throwing_job : public caf::resumable, public caf::ref_counted {
public:
  explicit throwing_job(std::function<void()> before) : before_(std::move(before)) {}
  subtype_t subtype() const override { return unspecified; }
  resume_result resume(caf::execution_unit*, size_t) override {
    before_();
    throw std::runtime_error("thrown by a job");
  }
  void intrusive_ptr_add_ref_impl() override { ref(); }
  void intrusive_ptr_release_impl() override { deref(); }

private:
  std::function<void()> before_;
};

TEST_F(Scheduler, NobodyRunsAnyMoreAfterAnExceptionAndWhoWaitsIsNotForgotten) {
  auto& of = scheduler::of(*system_);
  const auto echo =
      system_->spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int x) { return x; }}; });
  // When it throws, an actor that has got a message waits behind it.
  boost::asio::post(of.next_io(),
                    [&of, echo] { of.enqueue(new throwing_job([echo] { caf::anon_send(echo, 1); })); });
  EXPECT_EQ(ask<int>(echo, 8), 8);
  std::promise<const caf::resumable*> seen;
  boost::asio::post(of.next_io(), [&] { seen.set_value(worker::here()->current()); });
  EXPECT_EQ(seen.get_future().get(), nullptr);
}

TEST(SchedulerEnd, StopsUnderLoadAndReleasesEveryActor) {
  const auto stop = std::make_shared<std::atomic<bool>>(false);
  const auto alive = std::make_shared<int>(0);
  {
    caf::actor_system_config config;
    config.set("scheduler.max-threads", size_t(2));
    config.load<scheduler>();
    caf::actor_system system(config);
    for (int i = 0; i < 100; ++i)
      system.spawn([stop, alive](caf::event_based_actor* self) -> caf::behavior {
        self->delayed_send(self, std::chrono::hours(1), 1);
        for (int k = 0; k < 100; ++k) self->send(self, atom::tick::value);
        return {[self, stop, alive](atom::tick) {
                  if (*stop) self->quit();
                },
                [alive](int) {}};
      });
    *stop = true;
    // Those whose ticks are used up wait for ever: an end must not wait for them.
    system.await_actors_before_shutdown(false);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

} // namespace
} // namespace stagepost::net
