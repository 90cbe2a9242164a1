#pragma once

#include "actors/committer/interface.hpp"
#include "actors/offload/interface.hpp"
#include "actors/open_answer.hpp"
#include "actors/tls_results/interface.hpp"
#include "storage/store.hpp"

#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace stagepost::tls_results {

struct services {
  std::shared_ptr<storage::store> system;
  committer::committer_actor committer; ///< of the system store
  offload::pool_actor readers;
};

/// Rows of one day; what would be more is not counted.
inline constexpr size_t most_rows_a_day = 20000;
/// Reports are written the day after; what is older has been told, or never will be.
inline constexpr std::chrono::days kept_for{14};

using sums = std::map<storage::tls_result_key, uint64_t>;

/// Adds sums to what the store has, within `most_rows`, and drops days that are too old. Blocks: belongs
/// among the readers.
storage::result<done> add_to_store(storage::batch& b, const storage::store& system, const sums& what,
                                   std::chrono::sys_days today, size_t most_rows = most_rows_a_day);

using counter_self = counter_actor::extend<caf::reacts_to<atom::tick>>;

/// Writes every few seconds, and when it ends; a kill loses the last of it, which no report would miss.
struct counter_state {
  static constexpr const char* name = "tls_results";
  counter_self::pointer self = nullptr;
  services with;
  sums counted; ///< not in the store yet
  bool writing = false;
  std::vector<std::function<void(bool)>> waiting; ///< for what is counted now to be in the store

  void add(storage::tls_result_key what, uint64_t sessions);
  void write(std::function<void(bool)> then);
  void begin_write();
  void end_write(const sums& taken, const std::vector<std::function<void(bool)>>& told, bool done);
  caf::result<results_found> read(const read_results& what);
  void read_written(const read_results& what, const open_answer<results_found>& answer);
};

counter_self::behavior_type counter(counter_self::stateful_pointer<counter_state> self, services with);

} // namespace stagepost::tls_results

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::tls_results::services)
