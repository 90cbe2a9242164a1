#pragma once

#include "protocols/base/units.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace stagepost::mime {

/// A point in time and the offset from UTC of the clock that showed it.
struct date_time {
  instant at;
  std::chrono::minutes zone{0};

  friend bool operator==(const date_time&, const date_time&) = default;
};

/// Reads a date-time (RFC 5322 3.3 and 4.3): with or without day of week, seconds, comments; obsolete zones
/// and two- and three-digit years; also the asctime order "Sun Nov 22 16:19:33 2026". Nothing when there is
/// no such date. A day of week that does not fit the date is ignored, a missing zone is UTC.
std::optional<date_time> parse_date(std::string_view value);

/// "Sun, 22 Nov 2026 16:19:33 +0000" (RFC 5322 3.3), for a Date field.
std::string format_date(const date_time& date);

} // namespace stagepost::mime
