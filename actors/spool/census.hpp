#pragma once

#include "actors/offload/interface.hpp"
#include "actors/open_answer.hpp"
#include "actors/spool/interface.hpp"
#include "storage/store.hpp"

#include <chrono>
#include <memory>
#include <vector>

namespace stagepost::spool {

/// Counts what waits in all spools, when somebody asks, and not again before it is worth it.
struct census_state {
  static constexpr const char* name = "spool.census";
  census_actor::pointer self = nullptr;
  std::vector<std::shared_ptr<storage::store>> shards;
  offload::pool_actor readers;

  uint64_t last = 0; ///< as counted
  std::chrono::steady_clock::time_point good_until;
  std::chrono::steady_clock::time_point began_at;
  std::vector<open_answer<spool_counted>> waiting; ///< for the count under way

  caf::result<spool_counted> answer();
  /// Goes on in a shard, from a message on, with what was counted before.
  void count(size_t shard, queue_id from, uint64_t before);
  void finish(const spool_counted& found);
};

census_actor::behavior_type census(census_actor::stateful_pointer<census_state> self,
                                   std::vector<std::shared_ptr<storage::store>> shards,
                                   offload::pool_actor readers);

} // namespace stagepost::spool
