#pragma once

#include "actors/incoming_gateways.hpp"
#include "actors/open_answer.hpp"
#include "actors/outbound/job.hpp"
#include "actors/outbound/job_reader.hpp"
#include "actors/outbound/lanes.hpp"
#include "actors/outbound/setup.hpp"
#include "actors/outbound/verdict.hpp"
#include "actors/outbound/wished_hops.hpp"

#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace stagepost::outbound {

// -- between a destination and the dispatcher that spawned it

// `place` says who asks: see place_of.

/// May one more connection be opened? Answered when its turn has come.
struct take_slot {
  std::string place;
  uint8_t priority = storage::usual_priority;
  std::vector<uint64_t> gateways = {}; ///< to one of these; none: to a host of the destination
};
struct slot_granted {
  uint64_t gateway = 0; ///< to be connected to
  std::string why = {}; ///< to this one, for the trace
};
/// A connection was let in: its slot is put to use.
struct slot_in_use {
  std::string place;
  uint64_t gateway = 0;
};
struct return_slot {
  std::string place;
  bool was_in_use = false;
  uint64_t gateway = 0;
  bool gateway_failed = false; ///< it was not reached, or let us not in
};
/// Nothing is due any more, `pokes` wake-ups having been heard of: the destination may be ended. `failed`: no
/// host let us in, so that it is better left alone for a while. `is_outdated`: the lanes are not what they
/// were, and what is left is for others.
struct nothing_due {
  std::string place;
  uint64_t pokes = 0;
  bool failed = false;
  bool is_outdated = false;
};
using foreman_actor = caf::typed_actor<caf::replies_to<take_slot>::with<slot_granted>,
                                       caf::reacts_to<slot_in_use>, caf::reacts_to<return_slot>,
                                       caf::reacts_to<nothing_due>, caf::reacts_to<look_whether_done>>;

/// Something new may be due.
struct due_again {};
/// All that waits after failed attempts is to be tried now (send_held).
struct all_due {};
/// As the dispatcher's, for one destination.
struct bar_here {
  queue_id id;
};
struct unbar_here {
  queue_id id;
};
using destination_actor =
    job_giver_actor::extend<caf::reacts_to<due_again>, caf::reacts_to<all_due>,
                            caf::replies_to<bar_here>::with<message_barred>, caf::reacts_to<unbar_here>,
                            caf::reacts_to<atom::drain>, caf::reacts_to<atom::tick>>;

/// A destination that has sent a lot looks at all that is due there this often, and else goes on where it
/// began last: a number that was given early and came late may lie before that place.
inline constexpr auto look_at_all_interval = std::chrono::seconds(5);

/// What is known of one way of a destination's mail (mail_way). Each has connections of its own; that nobody
/// lets one in, because its address is blocked maybe, or no host has what it requires, says nothing of the
/// others.
struct way_state {
  /// So many connections the destination takes at present: grows with each that was let in, shrinks when it
  /// turns one away.
  size_t allowed = 1;
  size_t slots_asked = 0;
  std::set<uint64_t> failed; ///< gateways of the lane that let nobody in since somebody was let in

  /// The last connection that no host let in, when none was let in since. Others may still be on their way.
  std::optional<not_let_in> refusal;
  instant refused_at;

  /// No host let us in: this is how all end that were due then.
  std::optional<smtp_client::outcome> down;
  peer_facts down_peer;
  instant down_at;
  /// What came after it waits until then, or until too much does; a bounded number.
  std::chrono::steady_clock::time_point rests_until;
  std::set<std::pair<size_t, storage::recipient_key>> later;
};

/// Sends what is due at one destination and goes the same way, over as many connections as it and the
/// dispatcher allow, and writes down how each delivery ended. It lives while something is due; all it knows
/// is on disk. destination.cpp hands out, destination_ways.cpp keeps mail of different ways apart,
/// destination_gateways.cpp finds its way through gateways, destination_outcome.cpp writes down.
struct destination_state {
  static constexpr const char* name = "outbound.destination";
  destination_actor::pointer self = nullptr;
  std::string destination;
  outbound::lane lane;
  std::string place; ///< what the dispatcher calls it
  setup_ptr with;
  foreman_actor foreman;
  priority_rules priorities;
  /// What the lane is of.
  std::shared_ptr<const gateway_set> gateways_seen;
  std::shared_ptr<const conf::system_settings> settings_seen;
  uint64_t other_ways_seen = 0;       ///< as live_settings counts them
  bool is_outdated = false;           ///< it is not any more: as `draining`
  std::map<mail_way, way_state> ways; ///< those of what is in `ready`, of connections, and what is down

  std::optional<outbound::route> route;
  std::array<wished_hops, 3> hops_by_wish; ///< of `route`, by number of smtp::tls_wish
  std::chrono::steady_clock::time_point route_found_at;
  /// Counts changes of what the way there depends on: nothing is begun with by what was found before one.
  uint64_t life = 0;
  uint64_t route_life = 0; ///< in which `route` was found
  bool asking_route = false;
  std::deque<job_ptr> ready;
  std::map<size_t, std::set<storage::recipient_key>> in_hand; ///< read, and their end not on disk
  std::set<std::pair<size_t, storage::recipient_key>> passed_over;
  std::set<std::pair<size_t, storage::recipient_key>> unread; ///< passed over until the next tick
  std::set<queue_id> barred;
  /// What is not due yet is tried, too, but for those who wait for something else than the next attempt, or
  /// were tried early and in vain: they have until their time.
  bool everything = false;
  bool looked_at_everything = false; ///< the look under way
  std::map<std::pair<size_t, storage::recipient_key>, instant> not_yet;
  incoming_view gateways;
  /// Changed by somebody since the look under way began: what it brings of these may be from before.
  std::set<queue_id> changed_while_looking;
  bool looking = false;
  bool may_be_more = true;
  bool draining = false; ///< begins with nothing any more
  /// Begins with nothing any more and ends, without an attempt at what is due: this node does not send there,
  /// or nothing can be sent for want of something here.
  bool halted = false;
  bool look_later = false; ///< something could not be read: with the next tick
  /// Where the next look goes on, in a destination that has sent a lot; empty: it looks at all.
  std::map<size_t, storage::outbound_begins> begins;
  std::chrono::steady_clock::time_point looked_at_all;
  bool looked_in_part = false; ///< and at all there is with the next tick
  size_t sent_since_start = 0;
  uint64_t pokes = 0;
  size_t slots_asked = 0; ///< of all ways
  size_t recording = 0;

  struct worker {
    bool let_in = false;
    job_ptr job; ///< given, not ended
    uint64_t gateway = 0;
    std::string reason = {}; ///< why it went there, for the trace
    uint64_t life = 0;       ///< in which it was begun
    mail_way way = {};       ///< of the mail it takes
    bool was_refused = false;
    bool is_leaving = false; ///< was sent away for one of another way
  };
  std::map<caf::actor_addr, worker> workers;
  struct hungry_worker {
    caf::actor_addr who;
    open_answer<job_answer> answer;
    std::chrono::steady_clock::time_point since;
  };
  std::deque<hungry_worker> hungry;

  struct unrecorded {
    job_done what;
    std::optional<open_answer<job_recorded>> answer;
  };
  std::vector<unrecorded> waiting_for_disk;

  void work();
  bool has_room() const;
  void halt(const std::string& why);
  void wind_up();
  void hand_out();
  void find_way();
  void found_way(outbound::route found, uint64_t asked_in);
  bool has_route() const;
  void forget_way();
  instant furthest_from(instant now);
  void look();
  void try_everything();
  void found(jobs_found what);
  void ask_for_slots();
  void ask_for_slot(const mail_way& way, uint8_t priority);
  void open_connection(const mail_way& way, const std::vector<next_hop>& hops, uint64_t gateway,
                       std::string reason);
  caf::result<job_answer> next(const caf::actor_addr& who);
  void turned_away(const caf::actor_addr& who, const not_let_in& what);
  void conclude_if_nobody_is_let_in(const mail_way& way);
  void gone(const caf::actor_addr& who);
  void end_if_idle();
  void send_hungry_away();
  caf::result<message_barred> bar(queue_id id);
  void unbar(queue_id id);

  // destination_ways.cpp
  /// Has the directory say how the mail of each sender leaves, and then `found`.
  void ask_ways(std::shared_ptr<jobs_found> what);
  void found_ways(std::shared_ptr<jobs_found> what, const std::map<std::string, domain::way_out_found>& said);
  bool wants_more() const;
  bool waits_for_next_try(const job& what) const;
  size_t connections_of(const mail_way& way) const;
  size_t let_in_of(const mail_way& way) const;
  bool is_down(const mail_way& way) const;
  bool are_all_down() const;
  const wished_hops& hops_of(const mail_way& way) const { return hops_by_wish[size_t(way.wish)]; }
  bool leads_somewhere(const mail_way& way) const;
  bool give_up_ways_to_nowhere();
  bool must_make_room() const;
  void slot_answered(const mail_way& way, uint64_t asked_in);
  void mark_down(const mail_way& way, const smtp_client::outcome& why, const peer_facts& peer, instant at);
  void wake_ways();
  void forget_idle_ways();

  // destination_gateways.cpp
  bool goes_by_gateway() const;
  bool needs_route();
  void look_whether_lane_holds();
  std::vector<uint64_t> gateways_left(const mail_way& way) const;
  void reach_gateway(const mail_way& way, uint64_t asked_in, const slot_granted& granted);
  void gateway_refused(const mail_way& way, uint64_t gateway, const smtp_client::outcome& why,
                       const std::string& reason);

  // destination_outcome.cpp
  caf::result<job_recorded> ended(const caf::actor_addr& who, const job_done& what);
  void fail_ready();
  /// Takes what was tried before its time, and may be tried again, out of what is recorded.
  void leave_early_ones(job_done& what);
  void record(job_done what, std::optional<open_answer<job_recorded>> answer);
  void commit(job_done what, std::shared_ptr<storage::batch> batch, verdict changes,
              std::optional<queue_id> report, std::optional<open_answer<job_recorded>> answer);
  void recorded(const job_done& what, const verdict& changes, std::optional<queue_id> report);
  void not_recorded(job_done what, std::optional<open_answer<job_recorded>> answer);
  void tick();
  void put_down(const job& what);
};

destination_actor::behavior_type destination(destination_actor::stateful_pointer<destination_state> self,
                                             std::string name, outbound::lane lane, setup_ptr with,
                                             foreman_actor foreman, std::set<queue_id> barred);

} // namespace stagepost::outbound

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::take_slot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::slot_granted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::slot_in_use)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::return_slot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::nothing_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::due_again)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::all_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::bar_here)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::unbar_here)
