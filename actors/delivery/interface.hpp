#pragma once

#include "storage/records.hpp"

#include <caf/all.hpp>

#include <string>

namespace stagepost::delivery {

/// Put a waiting message into the mailbox of one of its recipients. That it is there and that it no longer waits become
/// true in one step, so a crash never delivers twice nor not at all.
struct deliver_locally {
  storage::spool_record message;
  storage::spool_recipient recipient;
  uint64_t quota_bytes = 0;
  bool last = false; ///< no other recipient is left: the message leaves the spool with this delivery
};

enum class result_kind : uint8_t {
  delivered,
  over_quota, ///< try again later
  failed,     ///< try again later
};
struct delivery_result {
  result_kind kind = result_kind::failed;
  std::string text; ///< for trace and list
};

/// Delivers into the mailboxes of all shards what waits in the spool of one.
using local_actor = caf::typed_actor<caf::replies_to<deliver_locally>::with<delivery_result>>;

} // namespace stagepost::delivery

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::deliver_locally)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::delivery::delivery_result)
