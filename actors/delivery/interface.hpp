#pragma once

#include "actors/atoms.hpp"
#include "storage/answered_table.hpp"
#include "storage/records.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::delivery {

/// What is sent on of a message whose recipient wants his mail elsewhere, too, or only there (FWD-01): a
/// message with a number and an envelope of its own, whose body is that of the message it comes from.
struct forward {
  storage::spool_record message;
  std::vector<storage::spool_recipient> recipients; ///< none: nothing is sent on
  storage::trace_step accepted;                     ///< begins its trace
  std::vector<storage::trace_step> told; ///< what the trace of the message it comes from says of it
  bool keeps_copy = true;                ///< the recipient's mailbox gets the message, too
};
using forward_ptr = std::shared_ptr<const forward>;

/// The automatic reply to a message that is delivered (AUTO-01), or why there is none. It begins in the shard
/// of the user who replies, where it is kept, too, whom he answered when: there it waits, not in the spool,
/// while the sender is not known to be who he says (SPAM-65).
struct reply {
  uint8_t shard = 0;
  queue_id id;                        ///< zero: there is none, or it waits
  storage::spool_record message;      ///< with the number
  storage::spool_recipient recipient; ///< who gets it
  bytes content;                      ///< of one piece
  bytes digest;                       ///< its structure
  std::string message_id;
  storage::trace_step accepted;                   ///< begins its trace
  storage::answered_key between;                  ///< who has answered whom
  storage::answered_record answered;              ///< when
  std::vector<storage::answered_key> superfluous; ///< rows that go with it
  std::optional<storage::trace_step> told;        ///< what the trace of the message says of it

  /// Whether the delivery brings it about.
  bool is_made() const { return id || !answered.waiting.empty(); }
};
using reply_ptr = std::shared_ptr<const reply>;

/// Put a waiting message into the mailbox of one of its recipients, or send it on in its stead. That it is
/// there, that it is sent on and that it no longer waits become true in one step, so a crash never delivers
/// twice nor not at all.
struct deliver_locally {
  storage::spool_record message;
  storage::spool_recipient recipient;
  uint64_t quota_bytes = 0;
  bool last = false;        ///< no other recipient is left: the message leaves the spool with this delivery
  forward_ptr forward = {}; ///< may be none
  reply_ptr reply = {};     ///< may be none
};

enum class result_kind : uint8_t {
  delivered,
  over_quota, ///< try again later
  failed,     ///< try again later
  no_mailbox, ///< the user was deleted: never
  no_store,   ///< the store writes nothing now: try again as soon as it does (`is_writing`)
  unknown,    ///< whoever was asked ended before the answer: the disk knows whether it was delivered
};
struct delivery_result {
  result_kind kind = result_kind::failed;
  std::string text; ///< for trace and list
};

/// The number of a recipient's step in the trace: after those of acceptance, and the same at every try of a
/// delivery that did not become true.
inline uint32_t trace_number(const storage::spool_recipient& recipient) {
  constexpr uint32_t first_recipient_step = 1000;
  constexpr uint32_t steps_per_recipient = 64;
  return first_recipient_step + recipient.index * steps_per_recipient +
         std::min(recipient.attempts, steps_per_recipient - 1);
}

/// Does the store of this shard take changes?
struct is_writing {
  uint8_t shard = 0;
};

/// Delivers into the mailboxes of all shards what waits in the spool of one.
using local_actor = caf::typed_actor<caf::replies_to<deliver_locally>::with<delivery_result>,
                                     caf::replies_to<is_writing>::with<bool>>;

/// Is a recipient's message answered automatically, and how? Asked before it is delivered, at each try.
struct plan_reply {
  storage::spool_record message;
  storage::spool_recipient recipient;
  uint8_t from = 0; ///< the shard whose spool has it
};
struct reply_planned {
  bool done = false; ///< false: not known now
  reply_ptr reply;   ///< may be none
};
/// The delivery with that reply has ended; whether it went well the disk says.
struct reply_settled {
  reply_ptr reply;
};
/// A reply was put into the spool of your shard: it is to be delivered, if it is on disk.
struct reply_written {
  queue_id id;
};
using reply_taker_actor = caf::typed_actor<caf::reacts_to<reply_written>>;
/// The spools by shard, before anything is planned.
struct begin_replying {
  std::vector<reply_taker_actor> spools;
};

/// Decides on automatic replies for all shards: one message after the other of a sender to a user, so that
/// nobody is answered twice. Who was given a reply says when the delivery has ended.
using responder_actor = caf::typed_actor<caf::replies_to<plan_reply>::with<reply_planned>,
                                         caf::reacts_to<reply_settled>, caf::reacts_to<begin_replying>>;

/// Let no message cross over to another shard until `release_crossings`, or until whoever asks has ended. The
/// answer comes once those that were crossing have arrived: from then on each message is in one shard or in
/// the other, on disk. What is to cross waits; deliveries within the shard go on.
struct hold_crossings {};
struct crossings_held {};
struct release_crossings {};

/// The same actor, for a backup.
using crossing_actor = caf::typed_actor<caf::replies_to<hold_crossings>::with<crossings_held>,
                                        caf::reacts_to<release_crossings>>;

} // namespace stagepost::delivery

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::deliver_locally)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::delivery_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::is_writing)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::plan_reply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::reply_planned)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::reply_settled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::reply_written)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::begin_replying)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::hold_crossings)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::crossings_held)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::release_crossings)
