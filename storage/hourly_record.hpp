#pragma once

#include "protocols/base/bytes.hpp"
#include "storage/errc.hpp"

#include <compare>
#include <cstdint>
#include <optional>

namespace stagepost::storage {

/// What is counted by the hour. On disk: never renumber.
enum class hourly_kind : uint8_t { domain_sends = 1, user_sends = 2, domain_bounces = 3 };

/// Whose hour it is.
struct hourly_key {
  uint32_t hour = 0; ///< since 1970, in UTC
  hourly_kind kind = hourly_kind::domain_sends;
  uint64_t who = 0; ///< domain or account

  friend auto operator<=>(const hourly_key&, const hourly_key&) = default;
};

/// What one shard took in of that.
struct hourly_counts {
  uint64_t messages = 0; ///< one for each recipient
  uint64_t octets = 0;

  friend bool operator==(const hourly_counts&, const hourly_counts&) = default;
};

struct hourly_row {
  hourly_key key;
  hourly_counts counts;
};

/// The key of a row in `meta`: "hourly/" hour(4) kind(1) who(8).
bytes to_octets(const hourly_key& key);
/// Nothing for what is no such key.
std::optional<hourly_key> take_hourly_key(bytes_view octets);

bytes encode(const hourly_counts& counts);
result<hourly_counts> decode_hourly(bytes_view value);

} // namespace stagepost::storage
