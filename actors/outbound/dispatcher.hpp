#pragma once

#include "actors/incoming_gateways.hpp"
#include "actors/open_answer.hpp"
#include "actors/outbound/destination.hpp"
#include "actors/outbound/gateway_turns.hpp"
#include "actors/outbound/interface.hpp"
#include "actors/outbound/lanes.hpp"
#include "actors/outbound/recent_names.hpp"
#include "actors/outbound/setup.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace stagepost::outbound {

/// All that the dispatcher needs is there: begin.
struct begin_sending {
  setup_ptr with;
};

using dispatcher_self =
    dispatcher_actor::extend<caf::replies_to<take_slot>::with<slot_granted>, caf::reacts_to<slot_in_use>,
                             caf::reacts_to<return_slot>, caf::reacts_to<nothing_due>,
                             caf::reacts_to<begin_sending>, caf::reacts_to<atom::tick>>;

/// What a look at messages that may have nobody left found.
struct settlement {
  std::vector<std::pair<size_t, storage::spool_record>> empty; ///< by shard
  std::vector<queue_id> unread;
};

/// Finds out which destinations have something due, keeps a bounded number of them alive, and shares the
/// connections out among them: the higher priority first, then whoever has fewest. Those that let us in
/// lately do not wait behind those that may never: strangers get a part of the places only. dispatcher.cpp
/// finds what is due, dispatcher_slots.cpp shares out, dispatcher_gateways.cpp knows the lanes and asks
/// gateways how much waits there, dispatcher_orders.cpp does what the spools ask for.
///
/// Each lane of a destination has a queue of its own, and is what is meant by a place here.
struct dispatcher_state {
  static constexpr const char* name = "outbound.dispatcher";
  using steady = std::chrono::steady_clock::time_point;
  dispatcher_self::pointer self = nullptr;
  setup_ptr with;

  struct alive_destination {
    destination_actor handle;
    priority_set priorities = all_priorities;
    bool is_stranger = true;                  ///< did not let us in lately
    uint64_t pokes = 0;                       ///< sent to it
    size_t slots = 0;                         ///< it has
    size_t opening = 0;                       ///< of these: nobody let us in yet
    std::map<uint64_t, size_t> gateways = {}; ///< of these: to which
  };
  std::map<std::string, alive_destination> alive; ///< by place, as all that follows
  /// Have something due, and no actor yet; those who let us in lately, and what is urgent, before the
  /// others. A name that is not in `is_waiting` any more is passed over.
  std::deque<std::string> preferred, waiting;
  std::unordered_set<std::string> is_waiting;
  recent_names let_in;
  /// Left alone until then, because nobody let us in; a bounded number.
  struct rest {
    steady until;
    uint32_t failures = 1;
  };
  std::map<std::string, rest> resting;

  lane_table lanes; ///< of `settings_of_lanes` and `gateways_seen`
  std::shared_ptr<const conf::system_settings> settings_of_lanes;
  std::shared_ptr<const gateway_set> gateways_seen;
  gateway_turns turns;
  steady ask_peers_at;
  std::set<uint64_t> peers_asked; ///< and did not answer yet
  std::set<uint64_t> peers_lost;  ///< did not answer the last time

  /// How far the spool of each shard was looked through. What is due before that place is known here, or its
  /// writer told us.
  struct place {
    bytes at;
    bytes left_behind_at; ///< the same for times from before the clock went back, again and again
    instant until;
    bool busy = false;
    bool again = false; ///< somebody was turned away: from the beginning, when there is room
  };
  std::vector<place> places;
  steady look_anew_at; ///< all shards from the beginning

  struct asking {
    std::string place;
    uint8_t priority = storage::usual_priority;
    open_answer<slot_granted> answer;
    std::vector<uint64_t> gateways;
  };
  std::deque<asking> askers;
  size_t slots = 0;
  std::map<queue_id, std::vector<std::string>> barred; ///< and where
  /// Messages that may have nobody left; a bounded number. Looked at one batch after the other, so that none
  /// is taken out twice.
  std::set<queue_id> to_settle;
  bool settling = false;
  /// Set when it is to stop: who waits for that, and how long at most.
  std::optional<open_answer<sending_stopped>> stopping;
  steady stop_at;
  std::shared_ptr<const conf::system_settings> settings_seen;
  uint64_t other_ways_seen = 0; ///< as live_settings counts them
  incoming_view incoming;
  /// Asked for before it could begin: of each spool no more than it works on at a time.
  std::vector<std::pair<record_failures, open_answer<failures_recorded>>> early;
  /// To be sent whole as soon as they start (send_held); a bounded number.
  std::unordered_set<std::string> to_send_whole;

  void begin(setup_ptr what);
  void heard(const std::string& destination, bool is_urgent = false);
  void heard_of_lane(const std::string& destination, const lane& of, bool is_urgent);
  void send_whole(const std::string& destination);
  bool is_crowded() const;
  std::optional<std::string> take_next();
  void start_some();
  void start(const std::string& place);
  void look(size_t shard);
  void looked(size_t shard, const storage::result<storage::due_page>& due,
              const storage::result<storage::due_page>& left_behind);
  void look_all();
  void nothing_left(const nothing_due& what, const caf::actor_addr& who);
  void gone(const caf::actor_addr& who, const caf::error& why);
  caf::result<sending_stopped> stop();
  void end_stop_if_done();
  void tick();

  // dispatcher_gateways.cpp
  void look_at_gateways();
  const std::vector<lane>& lanes_of(const std::string& destination);
  const lane* find_lane(const std::string& place);
  bool may_be_sent(const std::string& destination, const lane& of) const;
  bool is_taken(const std::string& destination, const lane& of);
  /// Calls `each` with those alive that belong to a destination.
  void for_all_of(const std::string& destination,
                  const std::function<void(const std::string& place, alive_destination&)>& each);
  void ask_peers();
  void peer_answered(uint64_t gateway, const std::string& name, const web::fetched& said);

  // dispatcher_slots.cpp
  alive_destination* find_alive(const std::string& place, const caf::actor_addr& who);
  caf::result<slot_granted> ask(const take_slot& what, const caf::actor_addr& who);
  void grant();
  void put_to_use(const slot_in_use& what, const caf::actor_addr& who);
  void give_back(const return_slot& what, const caf::actor_addr& who);
  /// All that a destination that ends had or asked for.
  void give_back_all(const std::string& place, const alive_destination& had);

  // dispatcher_orders.cpp
  caf::result<message_barred> bar(const bar_message& what);
  void unbar(queue_id id);
  void settle(queue_id id);
  void settle_some();
  void take_out(const std::vector<queue_id>& ids, const settlement& found);
  void settle_later(const std::vector<queue_id>& ids);
  caf::result<failures_recorded> record(const record_failures& what);
  void record_now(const record_failures& what, open_answer<failures_recorded> answer);
};

/// One for all shards. It does nothing before `begin_sending`.
dispatcher_self::behavior_type dispatcher(dispatcher_self::stateful_pointer<dispatcher_state> self);

} // namespace stagepost::outbound

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::begin_sending)
