#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagepost::conf {

/// An IPv6 address, or an IPv4 address in its mapped form (::ffff:0:0/96), so that one list serves both
/// families.
using ip_address = std::array<uint8_t, 16>;

/// Reads "192.0.2.1" or "2001:db8::1". A mapped address in IPv6 notation is the IPv4 address. No zone names.
std::optional<ip_address> parse_ip(std::string_view text);
std::string text_of(const ip_address& ip);
bool is_ipv4(const ip_address& ip);

/// Addresses from `first` to `last`, both included, of one family.
struct network {
  ip_address first{};
  ip_address last{};

  /// "::/0" does not contain IPv4 addresses.
  bool contains(const ip_address& ip) const {
    return first <= ip && ip <= last && is_ipv4(ip) == is_ipv4(first);
  }
  friend auto operator<=>(const network&, const network&) = default;
};

/// Reads one address ("192.0.2.1"), a prefix ("192.0.2.0/24", host bits must be zero) or a range
/// ("192.0.2.1-192.0.2.9"). SEC-03, SEC-04.
std::optional<network> parse_network(std::string_view text);
/// The shortest of the three notations that says the same.
std::string text_of(const network& net);

/// Answers in logarithmic time whether an address lies in any of many networks; made once per change of the
/// list.
class network_set {
public:
  network_set() = default;
  explicit network_set(std::vector<network> networks);

  bool contains(const ip_address& ip) const;
  bool empty() const { return ipv4_.empty() && ipv6_.empty(); }

private:
  // Each sorted, its networks neither overlapping nor touching.
  std::vector<network> ipv4_;
  std::vector<network> ipv6_;
};

} // namespace stagepost::conf
