#pragma once

#include "actors/outbound/job.hpp"
#include "actors/outbound/lanes.hpp"
#include "actors/outbound/setup.hpp"

#include <map>
#include <memory>
#include <set>
#include <vector>

namespace stagepost::outbound {

/// What is to be read for a destination.
struct job_question {
  std::string destination;
  instant now;
  instant furthest;
  size_t limit = 100; ///< recipients
  size_t recipients_of_job = 100;
  std::map<size_t, std::set<storage::recipient_key>> in_hand; ///< by shard: not wanted
  std::set<queue_id> barred;                                  ///< neither
  /// Those whose next attempt is still to come are wanted, too.
  bool everything = false;
  std::map<size_t, storage::outbound_begins> begins = {}; ///< by shard, where reading goes on
  priority_set priorities = all_priorities;               ///< only these
};

struct jobs_found {
  bool good = true;                       ///< false: something could not be read now
  std::vector<std::shared_ptr<job>> jobs; ///< their ways out are not known yet
  bool more = false;                      ///< there may be some
  /// Those that cannot be worked on now: barred, damaged, too new. By shard.
  std::vector<std::pair<size_t, storage::recipient_key>> passed_over;
  /// Those that could not be read now, and should be looked at again in a while.
  std::vector<std::pair<size_t, storage::recipient_key>> unread;
  /// Those who wait for something else than their next attempt, and until when. By shard.
  std::vector<std::pair<std::pair<size_t, storage::recipient_key>, instant>> not_yet;
  /// Rows of the index that lead to nothing, by shard: to be dropped.
  std::vector<std::pair<size_t, storage::outbound_row>> stray;
  std::map<size_t, storage::outbound_begins> begins; ///< for the next look
};

/// Whether the message came after that moment. What came when the clock was ahead of `now` did not.
bool came_later(const storage::spool_record& message, instant than, instant now);

/// A failed read of what is there may go well in a while, damage does not mend.
bool is_damage(storage::errc why);

/// What is due at a destination in all shards, as transactions. Blocks: belongs into the read pool.
jobs_found read_jobs(const std::vector<spool_shard>& shards, const job_question& what);

} // namespace stagepost::outbound
