#pragma once

#include "actors/delivery/interface.hpp"
#include "actors/delivery/written_reply.hpp"
#include "actors/domain/interface.hpp"
#include "actors/open_answer.hpp"
#include "actors/priority_rules.hpp"
#include "actors/resolver/interface.hpp"
#include "actors/settings.hpp"
#include "actors/shard_services.hpp"
#include "protocols/mailauth/spf_check.hpp"
#include "protocols/report/auto_reply.hpp"
#include "protocols/smtp/envelope.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stagepost::delivery {

/// Senders of whom an account remembers that they were answered: the newest.
inline constexpr size_t most_answered = 10000;

/// Replies that wait until it is known who the sender is: while there are more, nobody else is answered who
/// would have to wait.
inline constexpr size_t most_unproven = 1000;

/// What automatic replies are made with. Shards in the order of their numbers.
struct responder_services {
  std::vector<mailbox::services> shards;
  domain::directory_actor directory;
  resolver::resolver_actor resolver; ///< may be none: then nothing passes SPF
  live_settings_ptr settings;
  std::string host_name = "localhost"; ///< what we call ourselves
};

/// With the ticks of its own that forget old answers.
using responder_self = responder_actor::extend<caf::reacts_to<atom::tick>>;

/// One decision while it is made.
struct reply_plan {
  plan_reply what;
  smtp::envelope envelope;
  storage::answered_key between;
  bytes header;
  std::vector<std::string> addressed;
  domain::responder_found user;
  report::reply_obstacle obstacle = report::reply_obstacle::none;
  std::optional<storage::answered_record> before; ///< when this sender was answered the last time
  std::vector<storage::answered_key> superfluous;
  std::optional<open_answer<reply_planned>> answer;
};
using reply_plan_ptr = std::shared_ptr<reply_plan>;

/// A reply that waits.
struct waiting_reply {
  uint8_t shard = 0;
  storage::answered_key between;
};

/// Finds out whether the sender of one is who he says.
struct reply_proof {
  waiting_reply which;
  storage::answered_record row;
  written_reply reply;
  std::optional<mailauth::spf::check> spf;
  std::deque<mailauth::question> open;
  std::chrono::steady_clock::time_point until;
};
using reply_proof_ptr = std::shared_ptr<reply_proof>;

/// Decides, in steps: responder.cpp keeps the order and reads, reply_builder.* writes, responder_proof.cpp
/// asks who handed the message over, which no delivery waits for, responder_rows.cpp looks through what is
/// kept.
struct responder_state {
  static constexpr const char* name = "delivery.responder";
  responder_self::pointer self = nullptr;
  responder_services with;
  std::vector<reply_taker_actor> spools;
  /// Replies that were there before the spools were named.
  std::vector<std::pair<uint8_t, queue_id>> early;
  priority_rules priorities;
  /// Of whom a message is decided on or delivered with a reply, or the row forgotten, and who waits behind
  /// it. As many wait as deliveries are under way, which the queues bound.
  std::map<storage::answered_key, std::deque<std::function<void()>>> busy;
  /// Replies that wait for their proof, and those whose proof is under way: both are in `proving`. True:
  /// there may be another of the same since.
  std::deque<waiting_reply> unproven;
  std::map<storage::answered_key, bool> proving;
  size_t proofs = 0;
  uint8_t looking = 0;                ///< the shard whose rows are looked through
  storage::answered_key looked_until; ///< and where

  caf::result<reply_planned> plan(const plan_reply& what);
  void settled(const reply& what);
  void begin(std::vector<reply_taker_actor> all);
  void announce(uint8_t shard, queue_id id);
  /// The next message of this sender to this account.
  void next(const storage::answered_key& between);
  /// In the read pool of a shard. `then` hears whether it ran.
  void in_pool(uint8_t shard, std::function<void()> work, std::function<void(bool)> then);

  void read_header(const reply_plan_ptr& plan);
  void ask_directory(const reply_plan_ptr& plan);
  void judge(const reply_plan_ptr& plan);
  void judged(const reply_plan_ptr& plan);
  void answer(const reply_plan_ptr& plan);

  /// No reply, for this reason; empty: nothing is told.
  void give_none(const reply_plan_ptr& plan, std::string why);
  void give_later(const reply_plan_ptr& plan);

  /// A reply that waits was found, or put there. RFC 7208 of the server that handed the message over says
  /// what becomes of it (SPAM-65).
  void prove(waiting_reply which);
  void begin_proofs();
  void read_waiting(const reply_proof_ptr& proof);
  void look_up(const reply_proof_ptr& proof);
  /// Nothing in the way of a reply that waited: it leaves; else that is told.
  void release(const reply_proof_ptr& proof);
  void withdraw(const reply_proof_ptr& proof, const std::string& why);
  /// Both at once, where they are in one shard; else what is told comes first, and comes again after a crash.
  void write(const reply_proof_ptr& proof, const storage::trace_step& told,
             std::shared_ptr<storage::batch> changes, std::function<void()> then);
  void commit(const reply_proof_ptr& proof, std::shared_ptr<storage::batch> changes,
              std::function<void()> then);
  void not_written(const reply_proof_ptr& proof, const caf::error& why);
  /// Decided, or left for the next look through the rows.
  void end_proof(const reply_proof_ptr& proof);

  void tick();
  /// Rows that say nothing any more.
  void forget(std::vector<storage::answered_key> old, std::function<void()> then);
  void looked(const storage::answered_key& next);
};

responder_self::behavior_type responder(responder_self::stateful_pointer<responder_state> self,
                                        responder_services with);

} // namespace stagepost::delivery

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::responder_services)
