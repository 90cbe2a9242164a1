#include "actors/offload/pool.hpp"

#include "actors/error.hpp"

namespace stagepost::offload {

namespace {

/// Detached: its thread may block.
worker_actor::behavior_type worker(worker_actor::pointer) {
  return {[](const run_work& order) -> caf::result<work_done> {
    try {
      order.work->run();
      return work_done{};
    } catch (const std::exception& failed) {
      return caf::make_error(caf::sec::runtime_error, std::string(failed.what()));
    }
  }};
}

} // namespace

caf::result<work_done> pool_state::add(const run_work& order) {
  if (idle.empty() && queue.size() >= queue_limit)
    return caf::make_error(caf::sec::runtime_error, std::string("the queue is full"));
  auto answer = self->make_response_promise<work_done>();
  waiting next{order, answer};
  if (idle.empty()) {
    queue.push_back(std::move(next));
  } else {
    auto free = std::move(idle.back());
    idle.pop_back();
    hand_out(std::move(free), std::move(next));
  }
  return answer;
}

void pool_state::hand_out(worker_actor to, waiting next) {
  auto finish = [self = self, to, answer = next.answer](auto result) mutable {
    answer.deliver(std::move(result));
    auto& state = static_cast<pool_actor::stateful_pointer<pool_state>>(self)->state;
    if (state.queue.empty()) {
      state.idle.push_back(to);
      return;
    }
    auto following = std::move(state.queue.front());
    state.queue.pop_front();
    state.hand_out(to, std::move(following));
  };
  self->request(to, caf::infinite, next.order)
      .then([finish](work_done done) mutable { finish(done); },
            [finish](caf::error& failed) mutable { finish(failed); });
}

pool_actor::behavior_type pool(pool_actor::stateful_pointer<pool_state> self, size_t threads,
                               size_t queue_limit) {
  outlive_stray_errors(self);
  self->state.self = self;
  self->state.queue_limit = queue_limit;
  for (size_t i = 0; i < threads; ++i)
    self->state.idle.push_back(self->spawn<caf::linked + caf::detached>(worker));
  return {[self](const run_work& order) { return self->state.add(order); }};
}

} // namespace stagepost::offload
