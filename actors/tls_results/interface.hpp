#pragma once

#include "actors/atoms.hpp"
#include "storage/tls_results.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace stagepost::tls_results {

/// A session with another server, or the fetch of a policy, ended so. The day is filled in by who counts.
struct session_seen {
  storage::tls_result_key what;
};

/// What was counted, up to now.
struct read_results {
  std::chrono::sys_days first, last; ///< both included
};
struct results_found {
  bool done = false;
  std::string sentence; ///< why not
  std::vector<storage::tls_result_row> rows;
};

/// Counts how sessions went, for the reports of RFC 8460: by day, policy and kind of trouble.
using counter_actor =
    caf::typed_actor<caf::reacts_to<session_seen>, caf::replies_to<read_results>::with<results_found>>;

} // namespace stagepost::tls_results

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::tls_results::session_seen)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::tls_results::read_results)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::tls_results::results_found)

namespace stagepost::tls_results {

/// Tells of it, where anybody counts.
inline void tell(const counter_actor& who, session_seen what) {
  if (who) caf::anon_send(who, std::move(what));
}

} // namespace stagepost::tls_results
