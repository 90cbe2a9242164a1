#pragma once

#include "protocols/base/bytes.hpp"

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace stagepost::mailauth {

/// An address of IPv4 or IPv6. An IPv4 address mapped into IPv6 is not told apart here: whoever means the
/// client of a connection reads it with parse_client_address.
struct ip_address {
  bool is_v6 = false;
  std::array<uint8_t, 16> octets{}; ///< the first four with IPv4

  friend auto operator<=>(const ip_address&, const ip_address&) = default;
};

/// Strict dotted quad: four numbers, no leading zeros.
std::optional<ip_address> parse_ipv4(std::string_view text);
std::optional<ip_address> parse_ipv6(std::string_view text);

/// Either family; a mapped IPv4 address is the IPv4 address (RFC 7208 5: such a client must be seen as IPv4).
std::optional<ip_address> parse_client_address(std::string_view text);

/// Dotted quad, or the form of RFC 5952.
std::string to_string(const ip_address& address);

/// Whether both are of one family and their first `prefix_bits` are the same.
bool in_network(const ip_address& address, const ip_address& network, unsigned prefix_bits);

/// The name whose PTR records name the host: "4.3.2.1.in-addr.arpa", or nibbles below "ip6.arpa".
std::string reverse_name(const ip_address& address);

} // namespace stagepost::mailauth
