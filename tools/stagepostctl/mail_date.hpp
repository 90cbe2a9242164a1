#pragma once

#include <cstdint>
#include <string_view>

namespace stagepost::ctl {

// When a message came, in seconds since 1970; 0 where nothing says so.

/// Of the line "From sender Thu Jan  1 00:00:00 2015" (RFC 4155, asctime's form; UTC unless it names a zone)
/// that begins a message of an mbox. Also with the zone before or behind the year, and with a date as in a
/// header.
uint64_t seconds_of_separator(std::string_view line);

/// Of the Date field of a message's header.
uint64_t seconds_of_header(std::string_view message);

} // namespace stagepost::ctl
