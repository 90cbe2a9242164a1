#pragma once

#include "storage/records.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <memory>
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

/// Put a waiting message into the mailbox of one of its recipients, or send it on in its stead. That it is
/// there, that it is sent on and that it no longer waits become true in one step, so a crash never delivers
/// twice nor not at all.
struct deliver_locally {
  storage::spool_record message;
  storage::spool_recipient recipient;
  uint64_t quota_bytes = 0;
  bool last = false;        ///< no other recipient is left: the message leaves the spool with this delivery
  forward_ptr forward = {}; ///< may be none
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
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::hold_crossings)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::crossings_held)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::release_crossings)
