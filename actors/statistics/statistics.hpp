#pragma once

#include "actors/committer/interface.hpp"
#include "actors/offload/interface.hpp"
#include "actors/open_answer.hpp"
#include "actors/settings.hpp"
#include "actors/statistics/interface.hpp"
#include "actors/wall_clock.hpp"
#include "storage/store.hpp"

#include <caf/all.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace stagepost::statistics {

struct services {
  std::shared_ptr<storage::store> system;
  committer::committer_actor committer; ///< of the system store
  offload::pool_actor readers;
  live_settings_ptr settings;
};

/// Sums by day and domain, which has a number or a name; neither: the whole server.
using sums = std::map<std::tuple<std::chrono::sys_days, domain_id, std::string>, storage::day_counts>;

/// Adds sums to what the store has of these days. What is no domain any more is left out. Blocks:
/// belongs among the readers.
storage::result<done> add_to_store(storage::batch& b, const storage::store& system, const sums& what);

/// The first day that is kept today when they are kept for so long.
std::chrono::sys_days first_kept(std::chrono::sys_days today, std::chrono::months kept);

using statistics_self = statistics_actor::extend<caf::reacts_to<atom::tick>>;

struct statistics_state {
  static constexpr const char* name = "statistics";
  statistics_self::pointer self = nullptr;
  services with;
  sums counted;         ///< not in the store yet
  bool writing = false; ///< one batch is on its way: each is made of what the one before it left
  bool told_of_loss = false;
  std::vector<std::function<void(bool)>> waiting; ///< for what is counted now to be in the store
  jump_watch clock{{}, {}};
  std::chrono::steady_clock::time_point look_at; ///< for what is too old

  void add(const happened& what);
  void add(sums::key_type key, const storage::day_counts& counts);
  /// Calls `then` when all that is counted now is in the store, or could not be written.
  void write(std::function<void(bool)> then);
  void begin_write();
  void end_write(const sums& taken, const std::vector<std::function<void(bool)>>& told, bool done);
  void tick();
  caf::result<days_found> read(const read_days& what);
  void read_written(const read_days& what, const open_answer<days_found>& answer);
  caf::result<old_removed> remove();
  /// Removes what is too old, in steps, and calls `then`: false, there may be more.
  void remove_old_days(std::function<void(bool)> then);
};

/// Counts what happens by domain and day. Writes every few seconds and when it ends, beside the message path:
/// a kill loses the last of it. Counts nothing while everybody may relay (SMTPIN-06).
statistics_self::behavior_type statistics(statistics_self::stateful_pointer<statistics_state> self,
                                          services with);

} // namespace stagepost::statistics

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::statistics::services)
