#include "actors/offload/pool.hpp"

#include "tests/support/actor_fixture.hpp"

#include <future>

namespace stagepost::offload {
namespace {

class OffloadPool : public testing::actor_fixture {
protected:
  pool_actor start(size_t threads, size_t queue_limit) { return system_->spawn(pool, threads, queue_limit); }
};

TEST_F(OffloadPool, RunsWorkOnItsOwnThreads) {
  const auto all = start(2, 10);
  std::thread::id ran_on;
  ask<work_done>(all, run_work{make_work([&] { ran_on = std::this_thread::get_id(); })});
  EXPECT_NE(ran_on, std::thread::id{});
  EXPECT_NE(ran_on, std::this_thread::get_id());
  end(all);
}

TEST_F(OffloadPool, RunsAsManyAtATimeAsItHasThreadsAndQueuesAsManyAsItMay) {
  const auto all = start(2, 3);
  std::promise<void> go;
  const auto wait = go.get_future().share();
  std::promise<void> two;
  std::atomic<int> started = 0, running = 0, most = 0;
  caf::scoped_actor client(*system_);
  using answer = decltype(client->request(all, testing::patience, run_work{}));
  std::vector<answer> answers;
  const auto work = [&] {
    const int now = ++running;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    if (++started == 2) two.set_value();
    wait.wait();
    --running;
  };
  for (int i = 0; i < 7; ++i)
    answers.push_back(client->request(all, testing::patience, run_work{make_work(work)}));
  // The sixth and the seventh are refused at once, while all others still wait.
  int done = 0, refused = 0;
  for (int i = 6; i >= 5; --i) answers[size_t(i)].receive([](work_done) {}, [&](caf::error&) { ++refused; });
  EXPECT_EQ(refused, 2);
  two.get_future().wait();
  go.set_value();
  for (int i = 0; i < 5; ++i) answers[size_t(i)].receive([&](work_done) { ++done; }, [](caf::error&) {});
  EXPECT_EQ(done, 5);
  EXPECT_EQ(most, 2);
  end(all);
}

TEST_F(OffloadPool, TurnsAnExceptionIntoAnErrorAndLivesOn) {
  const auto all = start(1, 10);
  const auto failed =
      ask_for_error<work_done>(all, run_work{make_work([] { throw std::runtime_error("bad disk"); })});
  EXPECT_NE(caf::to_string(failed).find("bad disk"), std::string::npos);
  bool ran = false;
  ask<work_done>(all, run_work{make_work([&] { ran = true; })});
  EXPECT_TRUE(ran);
  end(all);
}

TEST_F(OffloadPool, RunsQueuedWorkInOrder) {
  const auto all = start(1, 100);
  std::vector<int> order;
  caf::scoped_actor client(*system_);
  using answer = decltype(client->request(all, testing::patience, run_work{}));
  std::vector<answer> answers;
  for (int i = 0; i < 50; ++i)
    answers.push_back(
        client->request(all, testing::patience, run_work{make_work([&order, i] { order.push_back(i); })}));
  for (auto& each : answers)
    each.receive([](work_done) {}, [](caf::error& why) { ADD_FAILURE() << caf::to_string(why); });
  ASSERT_EQ(order.size(), 50u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  end(all);
}

} // namespace
} // namespace stagepost::offload
