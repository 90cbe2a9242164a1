#pragma once

#include "protocols/dns/answer.hpp"

#include <optional>
#include <string_view>

namespace stagepost::route {

/// Reads "[192.0.2.1]" and "[IPv6:2001:db8::1]" (RFC 5321 4.1.3); a mapped IPv4 address is the IPv4 address.
/// Nothing for general literals, which nobody has given a meaning.
std::optional<dns::ip_address> parse_address_literal(std::string_view text);

} // namespace stagepost::route
