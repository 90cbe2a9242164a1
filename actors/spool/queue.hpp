#pragma once

#include "actors/delivery/interface.hpp"
#include "actors/shard_services.hpp"
#include "actors/metrics/metrics.hpp"
#include "actors/settings.hpp"
#include "actors/spool/interface.hpp"

#include <deque>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace stagepost::spool {

using queue_self = queue_actor::extend<caf::reacts_to<atom::tick>>;

/// Delivers what waits in one shard's spool into local mailboxes. The truth is on disk; in memory are the messages being
/// worked on and a bounded number of those behind them. Recipients elsewhere wait on disk.
struct queue_state {
  static constexpr const char* name = "spool.queue";
  queue_self::pointer self = nullptr;
  mailbox::services with;
  delivery::local_actor local;
  domain::directory_actor directory;
  live_settings_ptr settings;
  metrics::counters_ptr counters;

  /// A message being worked on.
  struct working {
    storage::spool_record message;
    std::deque<storage::spool_recipient> open; ///< not yet given to delivery
    std::unordered_map<account_id, uint64_t> quotas;
    size_t out = 0;      ///< given to delivery, not answered
    size_t staying = 0;  ///< recipients that stay on disk: remote, deferred
    bool expanding = false;
  };
  std::unordered_map<queue_id, working> at_work;
  std::deque<enqueue_message> ready; ///< behind them, in order of arrival
  std::unordered_set<queue_id> in_memory;
  /// Where on disk the messages begin that are not in memory because `ready` was full; zero: all are in memory.
  queue_id on_disk_from;
  /// The lowest number left on disk since the last read began; numbers are given before the message is on disk, so one
  /// may come late.
  queue_id left_from;
  bool reading = false;
  /// Reads of the spool under way, and what was forgotten meanwhile: what they found of it may be older than its
  /// delivery.
  size_t reads = 0;
  std::unordered_set<queue_id> forgotten;
  std::multimap<instant, queue_id> deferred; ///< when to try again
  size_t out = 0;

  void enqueue(enqueue_message what);
  void work();
  void begin(enqueue_message what);
  void push(queue_id id);
  void learn_quotas(queue_id id, size_t from);
  size_t out_limit() const;
  void delivered(queue_id id, const storage::spool_recipient& recipient, const delivery::delivery_result& result);
  void defer(working& on, storage::spool_recipient recipient, const delivery::delivery_result& result);
  void end_if_done(queue_id id);
  void expand(queue_id id);
  void expanded(queue_id id, uint32_t alias_index, const domain::address_expanded& found);
  void write_expansion(queue_id id, uint32_t alias_index, std::vector<storage::spool_recipient> fresh, size_t from);
  void read_more();
  /// One message again. `now`: whatever its recipients' next time is.
  void load(queue_id id, bool now);
  /// A message that was read; passed over when it is in memory or was while the read was under way.
  void take(queued_message what);
  void end_read();
  void forget(queue_id id);
  void tick();

  caf::result<queue_page> list(const list_queue& what);
  caf::result<queue_answer> remove(const delete_message& what);
  caf::result<queue_answer> retry(const retry_message& what);
};

queue_self::behavior_type queue(queue_self::stateful_pointer<queue_state> self, mailbox::services with,
                                delivery::local_actor local, domain::directory_actor directory,
                                live_settings_ptr settings, metrics::counters_ptr counters);

} // namespace stagepost::spool
