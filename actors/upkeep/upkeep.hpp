#pragma once

#include "actors/delivery/interface.hpp"
#include "actors/offload/interface.hpp"
#include "actors/open_answer.hpp"
#include "actors/upkeep/backup_job.hpp"
#include "actors/upkeep/interface.hpp"

#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

namespace stagepost::upkeep {

struct upkeep_state {
  static constexpr const char* name = "upkeep";
  upkeep_actor::pointer self = nullptr;
  all_stores stores;
  std::vector<delivery::crossing_actor> crossings; ///< of all shards
  std::stop_source stop;
  bool busy = false;
  std::function<void()> refuse_current; ///< tells whoever waits for the job that it will not be

  caf::result<backup_made> backup(const make_backup& what);
  caf::result<stores_proven> prove();
  /// The job under way, if any, breaks off at its next step.
  void abandon();

private:
  struct backup_run;
  using backup_run_ptr = std::shared_ptr<backup_run>;

  /// Runs `work` on a thread of its own, then `then` here.
  template <class Result>
  void run(std::function<Result()> work, std::function<void(Result)> then);
  void hold(const backup_run_ptr& on, size_t from);
  void release();
  void end(const backup_run_ptr& on, storage::result<done> outcome);
};

upkeep_actor::behavior_type upkeep(upkeep_actor::stateful_pointer<upkeep_state> self, all_stores stores,
                                   std::vector<delivery::crossing_actor> crossings);

} // namespace stagepost::upkeep

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::upkeep::all_stores)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<stagepost::delivery::crossing_actor>)
