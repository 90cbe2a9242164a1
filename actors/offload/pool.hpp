#pragma once

#include "actors/offload/interface.hpp"

#include <deque>
#include <string>
#include <vector>

namespace stagepost::offload {

using worker_actor = caf::typed_actor<caf::replies_to<run_work>::with<work_done>>;

struct pool_state {
  const char* name = "offload.pool"; ///< as given at spawn
  pool_actor::pointer self = nullptr;
  size_t queue_limit = 0;
  std::vector<worker_actor> idle;
  struct waiting {
    run_work order;
    caf::typed_response_promise<work_done> answer;
  };
  std::deque<waiting> queue;

  caf::result<work_done> add(const run_work& order);
  void hand_out(worker_actor worker, waiting next);
};

/// `threads`: how many run at a time, each a thread of its own.
pool_actor::behavior_type pool(pool_actor::stateful_pointer<pool_state> self, size_t threads,
                               size_t queue_limit);

} // namespace stagepost::offload
