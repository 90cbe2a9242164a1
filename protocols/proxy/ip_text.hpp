#pragma once

#include "protocols/base/bytes.hpp"

#include <string>
#include <string_view>

namespace stagepost::proxy {

/// The one text form of 4 octets.
std::string ipv4_text(bytes_view address);
/// The one text form of 16 octets (RFC 5952); a mapped IPv4 address is written as IPv4.
std::string ipv6_text(bytes_view address);

/// The same for an address that came as text; empty when it is none of its family.
std::string canonical_ipv4(std::string_view text);
std::string canonical_ipv6(std::string_view text);

} // namespace stagepost::proxy
