#pragma once

#include "protocols/base/bytes.hpp"
#include "storage/errc.hpp"

#include <cstdint>

namespace stagepost::storage {

/// What happened on one day to one domain, or to the whole server (DOM-87, REP-11).
struct day_counts {
  uint64_t messages_in = 0;  ///< taken in for users of the domain; one for several of them counts once
  uint64_t octets_in = 0;    ///< of these
  uint64_t messages_out = 0; ///< handed in by users who had logged in
  uint64_t octets_out = 0;   ///< of these
  uint64_t deliveries = 0;   ///< into mailboxes
  uint64_t refusals = 0;     ///< recipients that a client was refused
  uint64_t logins = 0;
  uint64_t failed_logins = 0; ///< of a domain's those of users who exist

  day_counts& operator+=(const day_counts& more);
  friend bool operator==(const day_counts&, const day_counts&) = default;
};

bytes encode(const day_counts&);
result<day_counts> decode_day_counts(bytes_view);

} // namespace stagepost::storage
