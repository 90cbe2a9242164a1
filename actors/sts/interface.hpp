#pragma once

#include "protocols/route/mta_sts.hpp"

#include <caf/all.hpp>

#include <optional>
#include <string>

namespace stagepost::sts {

/// Which policy of MTA-STS (RFC 8461) holds for mail to a domain.
struct find_policy {
  std::string domain; ///< as in the address
};
struct policy_found {
  bool done = false; ///< false: what is kept cannot be read now, so mail must wait
  std::optional<route::sts_policy> policy;
  std::string line; ///< for the trace: which one, or why there is none; empty: the domain has none
};

/// Finds policies, fetches them where that is due, and keeps them on disk for as long as they hold.
using policies_actor = caf::typed_actor<caf::replies_to<find_policy>::with<policy_found>>;

} // namespace stagepost::sts

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::sts::find_policy)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::sts::policy_found)
