#pragma once

#include "actors/atoms.hpp"
#include "protocols/base/units.hpp"
#include "protocols/smtp_client/outcome.hpp"
#include "storage/records.hpp"

#include <caf/all.hpp>

#include <optional>
#include <string>
#include <vector>

namespace stagepost::outbound {

/// A recipient at that destination is on disk and has not been tried yet, or may be tried now.
struct has_due {
  std::string destination;
  bool is_urgent = false; ///< before destinations that wait for their turn
};

/// Somebody has done his part of a message and left it in the spool because of its recipients elsewhere.
/// Should none of them be left either, it is taken out.
struct look_whether_done {
  stagepost::queue_id id;
};

/// Let nobody begin with that message at these destinations, until `unbar_message`. Not done: it is being
/// sent right now, or somebody else has it barred. So whoever asked may change its records, and is the only
/// one.
struct bar_message {
  stagepost::queue_id id;
  std::vector<std::string> destinations;
};
struct message_barred {
  bool done = false;
};
/// Whoever has it barred changed what he wanted. It may be begun with at all those destinations again.
struct unbar_message {
  stagepost::queue_id id;
};

/// What waits at these destinations after failed attempts is to be tried now, whenever its next attempt would
/// be. Such a try that fails changes nothing: the attempts that are left stay for their time.
struct send_held {
  std::vector<std::string> destinations;
};

/// Recipients of a message of that shard whom its spool could not serve, as they are on disk, and why, in the
/// same order. What becomes of them is what becomes of those elsewhere: they wait for the next attempt, or
/// leave the spool, and the sender is told.
struct record_failures {
  size_t shard = 0;
  storage::spool_record message;
  std::vector<storage::spool_recipient> recipients;
  std::vector<smtp_client::outcome> outcomes;
};
struct failures_recorded {
  bool done = false; ///< it is on disk
  size_t deferred = 0;
  size_t bounced = 0;
  std::optional<instant> next_attempt; ///< of those that wait
  bool empties_message = false;        ///< it was taken out of the spool with them
};

/// Begin with nothing any more. Answered when all that was under way has ended and is recorded, or after a
/// bounded time.
struct stop_sending {};
struct sending_stopped {};

struct outbound_status {
  uint64_t destinations = 0; ///< worked on
  uint64_t waiting = 0;      ///< known to have something due, behind them
  uint64_t connections = 0;  ///< that may be open
};

/// Sends what waits in the spools of all shards for recipients elsewhere.
using dispatcher_actor =
    caf::typed_actor<caf::reacts_to<has_due>, caf::reacts_to<look_whether_done>,
                     caf::replies_to<bar_message>::with<message_barred>, caf::reacts_to<unbar_message>,
                     caf::reacts_to<send_held>, caf::replies_to<record_failures>::with<failures_recorded>,
                     caf::replies_to<stop_sending>::with<sending_stopped>,
                     caf::replies_to<atom::status>::with<outbound_status>>;

/// Where mail for a domain would go and why, without sending: a line each.
struct explain_route {
  std::string destination;
};
struct route_explained {
  std::vector<std::string> lines;
};
using guide_actor = caf::typed_actor<caf::replies_to<explain_route>::with<route_explained>>;

/// A report was put into the spool of your shard: it is on disk and to be delivered.
struct report_written {
  stagepost::queue_id id;
};
using report_taker_actor = caf::typed_actor<caf::reacts_to<report_written>>;

} // namespace stagepost::outbound

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::has_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::look_whether_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::bar_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::message_barred)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::unbar_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::send_held)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::record_failures)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::failures_recorded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::stop_sending)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::sending_stopped)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::outbound_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::explain_route)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::route_explained)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::outbound::report_written)
