#pragma once

#include "actors/atoms.hpp"
#include "storage/statistics_table.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace stagepost::statistics {

/// What an event adds to one domain.
struct share {
  domain_id domain; ///< zero: it is named
  std::string name; ///< any of its names; it must be a domain of this server
  storage::day_counts counts;
};
/// Something happened; one message for each event.
struct happened {
  storage::day_counts server; ///< what it adds to the whole server
  std::vector<share> domains;
};

/// What was counted, up to now: what is only in memory is written first.
struct read_days {
  std::string domain;                ///< empty: the whole server
  std::chrono::sys_days first, last; ///< both included
};
struct days_found {
  bool done = false;
  std::string sentence; ///< why not
  std::vector<storage::statistics_row> days;
};

/// Removes what is too old now instead of when its time comes. Answered when all of it is gone.
struct remove_old {};
struct old_removed {
  bool done = false;
};

using statistics_actor =
    caf::typed_actor<caf::reacts_to<happened>, caf::replies_to<read_days>::with<days_found>,
                     caf::replies_to<remove_old>::with<old_removed>>;

} // namespace stagepost::statistics

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::statistics::happened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::statistics::read_days)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::statistics::days_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::statistics::remove_old)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::statistics::old_removed)

namespace stagepost::statistics {

/// Tells of it, where anybody counts.
inline void tell(const statistics_actor& who, happened what) {
  if (who) caf::anon_send(who, std::move(what));
}

/// The name of the domain in an address that was looked at before.
inline std::string domain_of(const std::string& address) {
  const auto at = address.rfind('@');
  return at == address.npos ? std::string{} : address.substr(at + 1);
}

} // namespace stagepost::statistics
