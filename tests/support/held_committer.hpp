#pragma once

#include "actors/committer/interface.hpp"
#include "actors/error.hpp"
#include "storage/store.hpp"

#include <caf/all.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace stagepost::testing {

/// From now on batches wait, after `passing` more of them, and leases are taken back behind them.
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
  /// What was handed in meanwhile, in order; called with whether the disk is broken.
  std::deque<std::function<void(bool)>> waiting;
  std::vector<std::pair<size_t, caf::typed_response_promise<held>>> awaiting;

  void commit(const committer::commit_batch& what, caf::typed_response_promise<committer::committed> answer,
              bool broken) {
    auto& chain = what.chain;
    if (what.lease && what.lease->revoked)
      return (void)answer.deliver(to_error({storage::errc::io_error, "whoever follows has taken over"}));
    if (chain && chain->broken)
      return (void)answer.deliver(to_error({storage::errc::io_error, "built on a change that failed"}));
    storage::batch* const one[] = {what.changes.get()};
    storage::result<done> written = failure<storage::errc>{storage::errc::disk_full, "no room"};
    if (!broken) written = store->commit(one).front();
    if (!written && chain) chain->broken = true;
    if (written)
      answer.deliver(committer::committed{});
    else
      answer.deliver(to_error(written.error()));
  }

  void wait(std::function<void(bool)> order) {
    waiting.push_back(std::move(order));
    for (auto i = awaiting.begin(); i != awaiting.end();)
      if (waiting.size() >= i->first) {
        i->second.deliver(held{});
        i = awaiting.erase(i);
      } else {
        ++i;
      }
  }

  void go_on(bool broken) {
    holding = false;
    for (; !waiting.empty(); waiting.pop_front()) waiting.front()(broken);
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
          s.commit(what, answer, false);
          return answer;
        }
        s.wait([self, what, answer](bool broken) { self->state.commit(what, answer, broken); });
        return answer;
      },
      [self](const committer::revoke_lease& what) -> caf::result<committer::lease_revoked> {
        auto answer = self->make_response_promise<committer::lease_revoked>();
        auto revoke = [what, answer](bool) mutable {
          if (what.lease) what.lease->revoked = true;
          answer.deliver(committer::lease_revoked{});
        };
        if (self->state.waiting.empty())
          revoke(false);
        else
          self->state.wait(std::move(revoke));
        return answer;
      },
      [self](const hold_batches& what) {
        self->state.holding = true;
        self->state.passing = what.passing;
        return held{};
      },
      [self](const await_held& what) -> caf::result<held> {
        if (self->state.waiting.size() >= what.count) return held{};
        auto answer = self->make_response_promise<held>();
        self->state.awaiting.emplace_back(what.count, answer);
        return answer;
      },
      [self](release_batches) {
        self->state.go_on(false);
        return held{};
      },
      [self](break_batches) {
        self->state.go_on(true);
        return held{};
      },
  };
}

} // namespace stagepost::testing
