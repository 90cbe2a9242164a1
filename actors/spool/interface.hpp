#pragma once

#include "actors/atoms.hpp"
#include "actors/domain/interface.hpp"
#include "actors/priority_rules.hpp"
#include "actors/throttle/interface.hpp"
#include "protocols/smtp/envelope.hpp"
#include "storage/records.hpp"

#include <caf/all.hpp>

#include <memory>
#include <string>
#include <vector>

namespace stagepost::spool {

/// A recipient with what the directory said of him at RCPT.
struct addressee {
  smtp::recipient recipient;
  domain::address_kind kind = domain::address_kind::elsewhere;
  domain::account_target target;
  bool delivered_before = false; ///< the message says so itself: a loop, not to be delivered once more
  domain_id domain = {};         ///< of ours that the address is in; zero elsewhere
};

/// How the first try to deliver to a recipient ended.
enum class first_try : uint8_t {
  kept, ///< the spool has him: who is not reached yet, and who is an alias
  delivered,
  over_quota,  ///< not delivered and no longer in the spool: whoever sent the message has to see to him
  unavailable, ///< the same: his mailbox cannot be written now
};

/// Hands one message over. The answer comes once it is on disk, so whoever gets it may say 250; a storage
/// error means nothing was taken, and until the answer the client owns the message.
struct accept_message {
  stagepost::queue_id id;
  smtp::envelope envelope;
  std::vector<addressee> recipients;
  blob_id body;
  uint64_t size_bytes = 0;
  uint32_t chunks = 1;
  std::shared_ptr<const std::string> last_chunk; ///< the chunks before it are in the store already
  bytes digest;
  std::string message_id; ///< of the header, for finding the trace
  instant accepted_at;
  std::string authenticated_as;
  std::vector<storage::trace_step> trace; ///< what is known so far
  /// Answer when deliveries were tried, for a client that hears of each recipient (LMTP, RFC 2033 4.2), and
  /// give those who could not be reached back to it. Waits a bounded time.
  bool try_first = false;
  mail_class kind = mail_class::ordinary; ///< where its sender does not tell
  throttle::charge counts = {};           ///< what it adds to hourly limits
  bool is_our_own = false;                ///< written by this server: no program is run on it
};
struct message_accepted {
  stagepost::queue_id id;
  std::vector<first_try> tries; ///< of each recipient in order, if asked for
  /// Not zero: it was not taken, since it is above an hourly limit; the hour ends then.
  instant refused_until = {};
};

/// May a message come in? False: the disk is full or failing, 452.
struct may_accept {
  uint64_t size_bytes = 0;
};

using intake_actor = caf::typed_actor<caf::replies_to<accept_message>::with<message_accepted>,
                                      caf::replies_to<may_accept>::with<bool>>;

/// A message and those of its recipients that wait.
struct queued_message {
  storage::spool_record message;
  std::vector<storage::spool_recipient> recipients;
  std::vector<uint32_t> damaged; ///< indexes of recipients whose records cannot be read
};

/// From the intake: it is on disk, deliver it.
struct enqueue_message {
  queued_message what;
  std::vector<uint64_t> quotas;            ///< of each recipient's account, as the directory said
  std::vector<account_id> forwarding = {}; ///< accounts among them whose mail is sent on
  std::vector<account_id> answering = {};  ///< and those that may have it answered
};

/// The same, answered when each recipient was tried once or waited for long enough.
struct try_message {
  enqueue_message what;
};
struct message_tried {
  std::vector<first_try> tries; ///< by index of the recipient
};

struct list_queue {
  stagepost::queue_id from;
  size_t limit = 100;
};
struct queue_page {
  bool done = false;
  std::vector<queued_message> messages;
};
struct show_message {
  stagepost::queue_id id;
};
struct delete_message {
  stagepost::queue_id id;
};
struct retry_message {
  stagepost::queue_id id; ///< zero: all
};
/// What the administrator wants of a message that waits, or of all.
enum class queue_order : uint8_t {
  hold,     ///< nobody is tried before `release`
  release,  ///< goes on where it was held
  retry,    ///< recipients elsewhere are tried now
  force,    ///< is tried now, and elsewhere before all others (SPOOL-27)
  reset,    ///< as if no attempt had been made (SPOOL-28)
  priority, ///< elsewhere, from now on (SPOOL-31)
};
struct order_message {
  stagepost::queue_id id; ///< zero: all
  queue_order order = queue_order::hold;
  uint8_t priority = storage::usual_priority;
};
struct queue_answer {
  bool done = false;
  std::string sentence;
};
struct queue_status {
  uint64_t waiting = 0; ///< messages known to wait for local delivery
};

using queue_actor = caf::typed_actor<
    caf::reacts_to<enqueue_message>, caf::replies_to<try_message>::with<message_tried>,
    caf::replies_to<list_queue>::with<queue_page>, caf::replies_to<show_message>::with<queue_page>,
    caf::replies_to<delete_message>::with<queue_answer>, caf::replies_to<retry_message>::with<queue_answer>,
    caf::replies_to<order_message>::with<queue_answer>, caf::replies_to<atom::status>::with<queue_status>>;

/// Runs the command-line program on a message of that shard's spool whose recipients wait for it. Whoever
/// asks leaves its records alone until the answer; then they say what became of it, and it may be gone.
struct check_message {
  uint8_t shard = 0;
  stagepost::queue_id id;
};
struct message_checked {};
using checker_actor = caf::typed_actor<caf::replies_to<check_message>::with<message_checked>>;

/// How many messages wait in the spools of all shards, for mailboxes here and for other servers.
struct count_spool {};
struct spool_counted {
  bool done = false;
  uint64_t messages = 0;
};
/// Counts them on disk. An answer may be a little older than the question: by at most twenty times as long as
/// counting takes, so that asking often costs little.
using census_actor = caf::typed_actor<caf::replies_to<count_spool>::with<spool_counted>>;

} // namespace stagepost::spool

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::accept_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::message_accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::may_accept)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::enqueue_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::try_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::message_tried)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::list_queue)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::queue_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::show_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::delete_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::retry_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::order_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::queue_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::queue_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::check_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::message_checked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::count_spool)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::spool::spool_counted)
