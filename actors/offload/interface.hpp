#pragma once

#include <caf/all.hpp>
#include <caf/fwd.hpp>

#include <memory>

namespace stagepost::offload {

/// Something that may block: a read that missed the cache, a password hash. It keeps its result for whoever
/// ordered it.
struct work {
  virtual ~work() = default;
  virtual void run() = 0;
};

struct run_work {
  std::shared_ptr<offload::work> work;
};

struct work_done {};

/// A fixed number of threads behind a bounded queue. When the queue is full the answer is an error
/// at once: the caller has a temporary failure to tell, not an endless wait.
using pool_actor = caf::typed_actor<caf::replies_to<run_work>::with<work_done>>;

/// Wraps a function as work.
template <class Function>
std::shared_ptr<work> make_work(Function f) {
  struct function_work : work {
    Function function;
    explicit function_work(Function g) : function(std::move(g)) {}
    void run() override { function(); }
  };
  return std::make_shared<function_work>(std::move(f));
}

} // namespace stagepost::offload

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::offload::run_work)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::offload::work_done)
