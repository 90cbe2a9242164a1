#pragma once

#include "actors/open_answer.hpp"
#include "actors/outbound/destination.hpp"
#include "actors/outbound/interface.hpp"
#include "actors/outbound/setup.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

namespace stagepost::outbound {

/// All that the dispatcher needs is there: begin.
struct begin_sending {
  setup_ptr with;
};

using dispatcher_self = dispatcher_actor::extend<caf::replies_to<take_slot>::with<slot_granted>,
                                                 caf::reacts_to<return_slot>, caf::reacts_to<nothing_due>,
                                                 caf::reacts_to<begin_sending>, caf::reacts_to<atom::tick>>;

/// Finds out which destinations have something due, keeps a bounded number of them alive, and shares the
/// connections out among them: the higher priority first, then whoever has fewest.
struct dispatcher_state {
  static constexpr const char* name = "outbound.dispatcher";
  using steady = std::chrono::steady_clock::time_point;
  dispatcher_self::pointer self = nullptr;
  setup_ptr with;

  struct alive_destination {
    destination_actor handle;
    uint64_t pokes = 0; ///< sent to it
    size_t slots = 0;   ///< it has
  };
  std::map<std::string, alive_destination> alive;
  std::deque<std::string> waiting; ///< have something due, and no actor yet
  std::unordered_set<std::string> is_waiting;
  /// Left alone until then, because nobody let us in; a bounded number.
  struct rest {
    steady until;
    uint32_t failures = 1;
  };
  std::map<std::string, rest> resting;

  /// How far the spool of each shard was looked through. What is due before that place is known here, or its
  /// writer told us.
  struct place {
    bytes at;
    instant until;
    bool busy = false;
    bool again = false; ///< somebody was turned away: from the beginning, when there is room
  };
  std::vector<place> places;
  steady look_anew_at; ///< all shards from the beginning

  struct asking {
    std::string destination;
    uint8_t priority = storage::usual_priority;
    open_answer<slot_granted> answer;
  };
  std::deque<asking> askers;
  size_t slots = 0;
  std::multiset<queue_id> barred;
  /// Set when it is to stop: who waits for that, and how long at most.
  std::optional<open_answer<sending_stopped>> stopping;
  steady stop_at;
  std::shared_ptr<const conf::system_settings> settings_seen;

  void begin(setup_ptr what);
  void heard(const std::string& destination);
  bool may_be_sent(const std::string& destination) const;
  void start_some();
  void start(const std::string& destination);
  void look(size_t shard);
  void look_all();
  void grant();
  void nothing_left(const nothing_due& what, const caf::actor_addr& who);
  void gone(const caf::actor_addr& who, const caf::error& why);
  void release(size_t count);
  void settle(queue_id id);
  caf::result<message_barred> bar(const bar_message& what);
  void unbar(const unbar_message& what);
  caf::result<sending_stopped> stop();
  void end_stop_if_done();
  void tick();
};

/// One for all shards. It does nothing before `begin_sending`.
dispatcher_self::behavior_type dispatcher(dispatcher_self::stateful_pointer<dispatcher_state> self);

} // namespace stagepost::outbound

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::begin_sending)
