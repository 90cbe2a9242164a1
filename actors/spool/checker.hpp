#pragma once

#include "actors/open_answer.hpp"
#include "actors/settings.hpp"
#include "actors/shard_services.hpp"
#include "actors/spool/check_folder.hpp"
#include "actors/spool/interface.hpp"
#include "actors/spool/message_check.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <vector>

namespace stagepost::spool {

using checker_self = checker_actor::extend<caf::reacts_to<atom::tick>>;

/// Runs the command-line program (SPOOL-10) on messages of all shards, some at a time, and writes what comes
/// of it. What it works on is on disk as before until then, so whatever it forgets is begun again.
struct checker_state {
  static constexpr const char* name = "spool.checker";
  checker_self::pointer self = nullptr;
  std::vector<mailbox::services> shards;
  live_settings_ptr settings;
  std::shared_ptr<const check_folder> files;
  std::shared_ptr<std::atomic<bool>> stopping = std::make_shared<std::atomic<bool>>(false);
  offload::pool_actor pool; ///< since the first message
  std::deque<message_check_ptr> waiting;
  std::multimap<std::chrono::steady_clock::time_point, message_check_ptr> held; ///< until the delay is over
  std::deque<message_check_ptr> over;                                           ///< the delay is
  size_t running = 0;                                                           ///< programs
  size_t looking = 0;
  size_t writing = 0;   ///< batches on their way to the disk, and
  size_t changing = 0;  ///< new bodies, which are in memory meanwhile
  bool cleared = false; ///< of files that a process left that was killed
  bool ticking = false;

  void clear();
  caf::result<message_checked> check(const check_message& what);
  void work();
  void run(const message_check_ptr& one);
  void ran(const message_check_ptr& one);
  void look(const message_check_ptr& one);
  /// Counted there until it is back from the pool.
  void give_to_pool(const message_check_ptr& one, std::shared_ptr<offload::work> job,
                    size_t checker_state::*count);
  void conclude(const message_check_ptr& one);
  void write_body(const message_check_ptr& one);
  void write_end(const message_check_ptr& one);
  void fail(const message_check_ptr& one, const caf::error& why);
  void tick();
  void written(const message_check_ptr& one);
  const mailbox::services* shard_of(const message_check& one) const;
};

checker_self::behavior_type checker(checker_self::stateful_pointer<checker_state> self,
                                    std::vector<mailbox::services> shards, live_settings_ptr settings,
                                    check_folder files);

} // namespace stagepost::spool
