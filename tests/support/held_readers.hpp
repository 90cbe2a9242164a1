#pragma once

#include "actors/offload/interface.hpp"
#include "tests/support/held_committer.hpp"

#include <caf/all.hpp>

#include <deque>
#include <utility>
#include <vector>

namespace stagepost::testing {

/// From now on reads wait.
struct hold_reads {};
/// Answered when this many wait.
struct await_reads {
  size_t count = 1;
};
/// Does what waits, and holds no more.
struct release_reads {};
/// Refuses what waits, as a pool with a full queue does, and holds no more.
struct refuse_reads {};

} // namespace stagepost::testing

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::hold_reads)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::await_reads)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::release_reads)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::refuse_reads)

namespace stagepost::testing {

/// Readers whose disk can be stopped: shows what others do while something is being read.
using held_readers_actor = offload::pool_actor::extend<
    caf::replies_to<hold_reads>::with<held>, caf::replies_to<await_reads>::with<held>,
    caf::replies_to<release_reads>::with<held>, caf::replies_to<refuse_reads>::with<held>>;

struct held_readers_state {
  struct order {
    offload::run_work what;
    caf::typed_response_promise<offload::work_done> answer;
  };
  // Not behind `holding`: CAF offers the actor's address to the state, and C++20 would make it a bool that
  // stands first.
  std::deque<order> orders;
  bool holding = false;
  std::vector<std::pair<size_t, caf::typed_response_promise<held>>> awaiting;
};

inline held_readers_actor::behavior_type
held_readers(held_readers_actor::stateful_pointer<held_readers_state> self) {
  return {
      [self](const offload::run_work& what) -> caf::result<offload::work_done> {
        auto& s = self->state;
        if (!s.holding) {
          what.work->run();
          return offload::work_done{};
        }
        auto answer = self->make_response_promise<offload::work_done>();
        s.orders.push_back({what, answer});
        for (auto i = s.awaiting.begin(); i != s.awaiting.end();)
          if (s.orders.size() >= i->first) {
            i->second.deliver(held{});
            i = s.awaiting.erase(i);
          } else {
            ++i;
          }
        return answer;
      },
      [self](hold_reads) {
        self->state.holding = true;
        return held{};
      },
      [self](const await_reads& what) -> caf::result<held> {
        if (self->state.orders.size() >= what.count) return held{};
        auto answer = self->make_response_promise<held>();
        self->state.awaiting.emplace_back(what.count, answer);
        return answer;
      },
      [self](release_reads) {
        auto& s = self->state;
        s.holding = false;
        for (; !s.orders.empty(); s.orders.pop_front()) {
          s.orders.front().what.work->run();
          s.orders.front().answer.deliver(offload::work_done{});
        }
        return held{};
      },
      [self](refuse_reads) {
        auto& s = self->state;
        s.holding = false;
        for (; !s.orders.empty(); s.orders.pop_front())
          s.orders.front().answer.deliver(
              caf::make_error(caf::sec::runtime_error, std::string("the queue is full")));
        return held{};
      },
  };
}

} // namespace stagepost::testing
