#pragma once

#include "actors/delivery/interface.hpp"
#include "actors/metrics/metrics.hpp"
#include "actors/open_answer.hpp"
#include "actors/outbound/interface.hpp"
#include "actors/priority_rules.hpp"
#include "actors/settings.hpp"
#include "actors/shard_services.hpp"
#include "actors/spool/interface.hpp"
#include "actors/spool/read_stamps.hpp"
#include "actors/spool/recent_ids.hpp"
#include "actors/spool/retry_times.hpp"
#include "actors/statistics/interface.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace stagepost::spool {

using queue_self = queue_actor::extend<caf::reacts_to<atom::tick>, caf::reacts_to<outbound::report_written>,
                                       caf::reacts_to<delivery::reply_written>>;

/// When what could not be read or asked is tried again.
inline constexpr auto short_wait = std::chrono::minutes(1);

/// Messages read from disk at a time.
inline constexpr size_t read_step = 500;

/// Messages in memory that wait for a worker; what is beyond stays on disk until there is room.
inline constexpr size_t ready_limit = 10000;

/// Delivers what waits in one shard's spool into local mailboxes. The truth is on disk; in memory are the
/// messages being worked on and a bounded number of those behind them. Recipients elsewhere wait on disk. Its
/// work by subject: queue.cpp delivers, queue_outcome.cpp says what becomes of recipients,
/// queue_expansion.cpp writes out aliases, queue_forwarding.cpp sends on and has answered, queue_reading.cpp
/// reads from disk, queue_checking.cpp has the command-line program look at it first, queue_orders.cpp and
/// queue_changes.cpp obey the administrator, queue_client.cpp answers who waits for first tries.
struct queue_state {
  static constexpr const char* name = "spool.queue";
  queue_self::pointer self = nullptr;
  mailbox::services with;
  delivery::local_actor local;
  domain::directory_actor directory;
  delivery::responder_actor responder;  ///< may be none: then nothing is answered
  outbound::dispatcher_actor elsewhere; ///< has the recipients of other servers
  checker_actor checker;                ///< runs the command-line program
  live_settings_ptr settings;
  metrics::counters_ptr counters;
  statistics::statistics_actor statistics;
  priority_rules priorities;

  /// A message being worked on.
  struct working {
    storage::spool_record message;
    std::deque<storage::spool_recipient> open; ///< not yet given to delivery
    std::unordered_map<account_id, uint64_t> quotas;
    std::unordered_set<account_id> forwarding; ///< of those, whose mail is sent on
    std::unordered_set<account_id> answering;  ///< and who may have it answered
    std::unordered_map<uint32_t, instant> early; ///< recipients that an order has tried before their time
    uint32_t next_index = 0;                   ///< of a recipient that is added
    size_t out = 0;                            ///< given to delivery, not answered
    size_t staying = 0;                        ///< recipients that stay on disk: remote, deferred, damaged
    size_t writing = 0;                        ///< changes of its records on their way to the disk
    /// Those who could not be served, and why, until that is written down.
    std::deque<std::pair<storage::spool_recipient, smtp_client::outcome>> failed;
    bool expanding = false;
    bool ended = false;      ///< its record was taken out of the spool
    bool has_remote = false; ///< and recipients of another kind, which may not be the last
    bool has_others = false;
  };
  /// Whoever wants to hear of the first tries.
  struct waiting_client {
    open_answer<message_tried> answer;
    std::vector<first_try> tries;
    std::unordered_set<uint32_t> untried;
    size_t leaving = 0; ///< recipients on their way out of the spool: nobody may be told they are kept
    std::chrono::steady_clock::time_point until;
  };

  std::unordered_map<queue_id, working> at_work;
  std::deque<enqueue_message> ready; ///< behind them, in order of arrival
  /// Those of both. While a message is here its records are changed from here only; when it leaves, all that
  /// is to be said of it is on disk.
  std::unordered_set<queue_id> in_memory;
  std::unordered_map<queue_id, waiting_client> clients;

  /// Those the checker has; nobody else changes their records meanwhile.
  std::unordered_set<queue_id> checking;
  /// Those it could not look at for no fault of theirs, until it could.
  std::unordered_set<queue_id> not_checked;
  /// Where on disk those begin that it was not told of for want of room; zero: there are none.
  queue_id unchecked_from;
  /// The lowest of them that was left there since the last read of them began.
  queue_id unchecked_left;
  bool reading_unchecked = false;

  /// Where on disk the messages begin that are not in memory because `ready` was full; zero: all are in
  /// memory.
  queue_id on_disk_from;
  /// The lowest number left on disk since the last read began; numbers are given before the message is on
  /// disk, so one may come late.
  queue_id left_from;
  /// What waits on disk was accepted before this start: what comes now does not wait behind it.
  bool catching_up = true;
  bool reading = false;
  read_stamps reads;
  std::unordered_set<queue_id> loading; ///< messages that are read on their own
  /// Messages to be read again as soon as nothing is under way with them; true: to be tried whatever their
  /// time is.
  std::unordered_map<queue_id, bool> wishes;
  retry_times retries;
  /// The first message that waits for the store of a shard to write again.
  std::map<uint8_t, queue_id> stalled;
  std::unordered_set<queue_id> removing; ///< removed or changed by order right now; nothing else may begin
  recent_ids removed;                    ///< what the intake may still tell us of
  size_t out = 0;

  void enqueue(enqueue_message what);
  /// To those who send to other servers: recipients they may not know of yet.
  void announce(const queued_message& what);
  void check(queue_id id);
  void checked(queue_id id);
  void not_checked_now(queue_id id, const caf::error& failed);
  bool may_check_more(size_t room) const;
  void read_unchecked();
  caf::result<message_tried> try_first(try_message what);
  /// The message is on disk and to be read from there, with all behind it.
  void leave_on_disk(queue_id id);
  void work();
  void begin(enqueue_message what);
  void push(queue_id id);
  void learn_quotas(queue_id id, size_t from);
  size_t out_limit() const;
  /// No stored time of a retry is later than this, unless the wall clock was set back.
  instant furthest_from(instant now) const;
  void count_delivery(const storage::spool_recipient& recipient);
  void give_to_delivery(delivery::deliver_locally order);
  /// To a recipient whose mail is sent on.
  void forward(delivery::deliver_locally order);
  /// To one who may have it answered (AUTO-01), or not.
  void reply_to(delivery::deliver_locally order);
  /// Nothing of an order could be planned.
  void not_now(const delivery::deliver_locally& order, const std::string& why);
  void note_wishes(working& of, const domain::account_target& who);
  /// Of a recipient elsewhere who was not tried: by the settings, unless he has one by order.
  uint8_t first_priority(const storage::spool_record& of, const storage::spool_recipient& who);
  void delivered(queue_id id, const storage::spool_recipient& recipient, bool last,
                 const delivery::delivery_result& result);

  // How a recipient stays, or goes.
  void stall(queue_id id, uint8_t shard);
  /// `reply` says why: "452 4.2.2 ...". Is written down when nothing else is under way.
  void fail(queue_id id, storage::spool_recipient recipient, const std::string& reply);
  /// Something here failed: that is no attempt.
  void fail_here(queue_id id, storage::spool_recipient recipient, const std::string& reply);
  void record_failures(queue_id id);
  /// One whose next attempt is then, as before.
  void leave_for_later(queue_id id, instant at);
  /// To the client that is still there: out of the spool first, so that nobody is served twice.
  void give_back(queue_id id, const storage::spool_recipient& recipient,
                 const delivery::delivery_result& result);
  /// All that is not under way stays for now.
  void postpone(queue_id id);
  void end_if_done(queue_id id);
  /// Changes records of a message at work. `then` hears whether it was done.
  void write(
      queue_id id, std::shared_ptr<storage::batch> batch, std::function<void(bool)> then = [](bool) {});
  void forget(queue_id id);

  bool wants_to_hear(queue_id id, uint32_t index) const;
  void tell(queue_id id, uint32_t index, first_try how);
  void answer_if_tried(queue_id id);
  /// Who was not tried yet is the spool's.
  void stop_waiting(queue_id id);

  void expand(queue_id id);
  void expanded(queue_id id, uint32_t alias_index, const domain::address_expanded& found);
  void write_expansion(queue_id id, uint32_t alias_index, std::vector<storage::spool_recipient> fresh,
                       size_t from);

  void read_more();
  /// One message again, as soon as nothing is under way with it. `now`: whatever its recipients' next time
  /// is.
  void load(queue_id id, bool now);
  void loaded(queue_id id, read_stamps::stamp stamp, bool good, std::vector<queued_message> found);
  /// A message that was read; passed over when it is in memory or was while the read was under way.
  void take(queued_message what, read_stamps::stamp stamp);
  void load_due();
  void resume_stalled();
  void tick();

  caf::result<queue_page> list(const list_queue& what);
  caf::result<queue_answer> remove(const delete_message& what);
  /// Reads a message that nobody else changes until `unbar`: those who send to elsewhere leave it alone.
  /// `then` hears why not, or gets it.
  void read_barred(queue_id id,
                   std::function<void(const std::string& why, const queued_message& found)> then);
  void unbar(queue_id id);
  void remove_read(const queued_message& what, open_answer<queue_answer> answer);
  void write_removal(const queued_message& what, std::shared_ptr<storage::batch> batch,
                     open_answer<queue_answer> answer);
  void not_removed(queue_id id, const std::string& why, open_answer<queue_answer> answer);
  /// Nothing begins with a message that nothing is under way with, until `take_up_again`. False: there is.
  bool set_aside(queue_id id, std::string& why);
  void take_up_again(queue_id id);
  caf::result<queue_answer> retry(const retry_message& what);
  void retry_remote(const queued_message& what, bool any, open_answer<queue_answer> answer);

  /// An order to all messages, on its way through the spool.
  struct order_to_all {
    order_message what;
    open_answer<queue_answer> answer;
    queue_id from = queue_id(1);
    size_t open = 0; ///< of this page
    size_t obeyed = 0;
  };
  caf::result<queue_answer> order(const order_message& what);
  /// `then` hears why not, or nothing.
  void carry_out(const order_message& what, std::function<void(const std::string& why)> then);
  void change_read(const order_message& what, const queued_message& found,
                   std::function<void(const std::string& why)> then);
  void order_page(const std::shared_ptr<order_to_all>& all);
  void count_down(const std::shared_ptr<order_to_all>& all);
};

/// What a recipient becomes by an order; nothing when it changes nothing of him.
std::optional<storage::spool_recipient> obey(const order_message& order, storage::spool_recipient who);

/// Whether a message has nobody but recipients elsewhere: then nothing of it is to be done here.
bool is_for_elsewhere(const queued_message& what);

queue_self::behavior_type queue(queue_self::stateful_pointer<queue_state> self, mailbox::services with,
                                delivery::local_actor local, domain::directory_actor directory,
                                outbound::dispatcher_actor elsewhere, checker_actor checker,
                                live_settings_ptr settings, metrics::counters_ptr counters,
                                statistics::statistics_actor statistics, delivery::responder_actor responder);

} // namespace stagepost::spool
