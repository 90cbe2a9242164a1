#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stagepost::outbound {

/// Where a gateway in peer mode is asked how many messages wait in its spool: GWOUT-13.
std::string spool_count_url(std::string server_url);

/// What it says, `{"messages": 17}`; nothing when that is no such answer.
std::optional<uint64_t> parse_spool_count(std::string_view body);
/// No answer is longer.
inline constexpr size_t longest_spool_count = 4096;

} // namespace stagepost::outbound
