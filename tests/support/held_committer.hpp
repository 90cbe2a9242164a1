#pragma once

#include "actors/committer/interface.hpp"
#include "actors/error.hpp"
#include "storage/store.hpp"

#include <caf/all.hpp>

#include <deque>
#include <memory>
#include <vector>

namespace stagepost::testing {

/// From now on batches wait, after `passing` more of them.
struct hold_batches {
  size_t passing = 0;
};
/// Answered when this many wait.
struct await_held {
  size_t count = 1;
};
/// Commits what waits, in order, and holds no more.
struct release_batches {};
/// Fails what waits, with everything chained to it, as a broken disk does, and holds no more.
struct break_batches {};
struct held {};

} // namespace stagepost::testing

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::hold_batches)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::await_held)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::release_batches)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::break_batches)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::held)

namespace stagepost::testing {

/// A committer whose disk can be stopped: shows what others do while a change is on its way.
using held_committer_actor = committer::committer_actor::extend<
    caf::replies_to<hold_batches>::with<held>, caf::replies_to<await_held>::with<held>,
    caf::replies_to<release_batches>::with<held>, caf::replies_to<break_batches>::with<held>>;

struct held_committer_state {
  std::shared_ptr<storage::store> store;
  bool holding = false;
  size_t passing = 0;
  struct order {
    committer::commit_batch what;
    caf::typed_response_promise<committer::committed> answer;
  };
  std::deque<order> orders;
  std::vector<std::pair<size_t, caf::typed_response_promise<held>>> awaiting;

  void commit(order each) {
    auto& chain = each.what.chain;
    if (chain && chain->broken) {
      each.answer.deliver(to_error({storage::errc::io_error, "built on a change that failed"}));
      return;
    }
    storage::batch* const one[] = {each.what.changes.get()};
    const auto done = store->commit(one).front();
    if (!done && chain) chain->broken = true;
    if (done)
      each.answer.deliver(committer::committed{});
    else
      each.answer.deliver(to_error(done.error()));
  }
};

inline held_committer_actor::behavior_type
held_committer(held_committer_actor::stateful_pointer<held_committer_state> self,
               std::shared_ptr<storage::store> store) {
  self->state.store = std::move(store);
  return {
      [self](const committer::commit_batch& what) -> caf::result<committer::committed> {
        auto& s = self->state;
        auto answer = self->make_response_promise<committer::committed>();
        if (!s.holding || s.passing > 0) {
          if (s.holding) --s.passing;
          s.commit({what, answer});
          return answer;
        }
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
      [self](const hold_batches& what) {
        self->state.holding = true;
        self->state.passing = what.passing;
        return held{};
      },
      [self](const await_held& what) -> caf::result<held> {
        if (self->state.orders.size() >= what.count) return held{};
        auto answer = self->make_response_promise<held>();
        self->state.awaiting.emplace_back(what.count, answer);
        return answer;
      },
      [self](release_batches) {
        auto& s = self->state;
        s.holding = false;
        for (; !s.orders.empty(); s.orders.pop_front()) s.commit(s.orders.front());
        return held{};
      },
      [self](break_batches) {
        auto& s = self->state;
        s.holding = false;
        for (; !s.orders.empty(); s.orders.pop_front()) {
          if (s.orders.front().what.chain) s.orders.front().what.chain->broken = true;
          s.orders.front().answer.deliver(to_error({storage::errc::disk_full, "no room"}));
        }
        return held{};
      },
  };
}

} // namespace stagepost::testing
