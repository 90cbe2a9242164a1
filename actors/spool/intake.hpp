#pragma once

#include "actors/open_answer.hpp"
#include "actors/priority_rules.hpp"
#include "actors/settings.hpp"
#include "actors/shard_services.hpp"
#include "actors/spool/interface.hpp"
#include "actors/statistics/interface.hpp"

#include <chrono>

namespace stagepost::spool {

struct intake_state {
  static constexpr const char* name = "spool.intake";
  intake_actor::pointer self = nullptr;
  mailbox::services with;
  queue_actor queue;
  live_settings_ptr settings;
  statistics::statistics_actor statistics;
  throttle::throttle_actor throttle;
  priority_rules priorities;
  std::chrono::steady_clock::time_point space_asked_at{};
  bool space_left = true;

  caf::result<message_accepted> accept(const accept_message& what);
  /// Puts it on disk, with what was counted for it.
  void take(const accept_message& what, const throttle::message_booked& booked,
            open_answer<message_accepted> answer);
  /// To the queue, for a client that hears of each recipient; `indexes` has each one's record.
  void hand_on(enqueue_message order, const std::vector<uint32_t>& indexes,
               open_answer<message_accepted> answer);
  /// Whether the disk has more than its reserve, which is kept for reading and deleting.
  bool has_space();
};

/// One per shard: what it has answered is on disk. `throttle` is asked about messages that count only.
intake_actor::behavior_type intake(intake_actor::stateful_pointer<intake_state> self, mailbox::services with,
                                   queue_actor queue, live_settings_ptr settings,
                                   statistics::statistics_actor statistics,
                                   throttle::throttle_actor throttle);

} // namespace stagepost::spool
