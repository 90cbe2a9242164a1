#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"
#include "storage/errc.hpp"

#include <compare>
#include <string>

namespace stagepost::storage {

/// Who was answered for whom.
struct answered_key {
  account_id account;
  std::string sender; ///< canonical

  friend auto operator<=>(const answered_key&, const answered_key&) = default;
};

/// The last answer that somebody got, or is to get.
struct answered_record {
  instant at;
  queue_id message; ///< what was answered
  queue_id reply;   ///< zero: it waits
  /// A reply that nobody gets before the sender was found to be who he says, opaque here; empty: none waits;
  /// since version 2.
  bytes waiting = {};

  friend bool operator==(const answered_record&, const answered_record&) = default;
};

bytes encode(const answered_record& what);
result<answered_record> decode_answered(bytes_view value);

} // namespace stagepost::storage
