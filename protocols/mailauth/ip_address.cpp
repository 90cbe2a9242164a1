#include "protocols/mailauth/ip_address.hpp"

// Text conversion only: nothing here opens a socket.
#include <arpa/inet.h>

#include <algorithm>

namespace stagepost::mailauth {

namespace {

std::optional<ip_address> read(int family, std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != text.npos) return std::nullopt;
  ip_address out;
  out.is_v6 = family == AF_INET6;
  if (inet_pton(family, std::string(text).c_str(), out.octets.data()) != 1) return std::nullopt;
  return out;
}

bool is_mapped(const ip_address& address) {
  constexpr std::array<uint8_t, 12> prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return address.is_v6 && std::equal(prefix.begin(), prefix.end(), address.octets.begin());
}

} // namespace

std::optional<ip_address> parse_ipv4(std::string_view text) { return read(AF_INET, text); }
std::optional<ip_address> parse_ipv6(std::string_view text) { return read(AF_INET6, text); }

std::optional<ip_address> parse_client_address(std::string_view text) {
  auto read = parse_ipv4(text);
  if (!read) read = parse_ipv6(text);
  if (!read || !is_mapped(*read)) return read;
  ip_address inner;
  std::copy_n(read->octets.begin() + 12, 4, inner.octets.begin());
  return inner;
}

std::string to_string(const ip_address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.is_v6 ? AF_INET6 : AF_INET, address.octets.data(), text.data(), text.size());
  return text.data();
}

bool in_network(const ip_address& address, const ip_address& network, unsigned prefix_bits) {
  if (address.is_v6 != network.is_v6) return false;
  const unsigned whole = std::min(prefix_bits / 8, 16u);
  if (!std::equal(address.octets.begin(), address.octets.begin() + whole, network.octets.begin()))
    return false;
  if (prefix_bits % 8 == 0 || whole == 16) return true;
  const auto mask = uint8_t(0xff << (8 - prefix_bits % 8));
  return ((address.octets[whole] ^ network.octets[whole]) & mask) == 0;
}

std::string reverse_name(const ip_address& address) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (int i = address.is_v6 ? 15 : 3; i >= 0; --i) {
    const auto octet = address.octets[size_t(i)];
    if (address.is_v6) {
      for (const auto nibble : {octet & 15, octet >> 4}) {
        out += digits[size_t(nibble)];
        out += '.';
      }
    } else {
      out += std::to_string(octet) + '.';
    }
  }
  return out + (address.is_v6 ? "ip6.arpa" : "in-addr.arpa");
}

} // namespace stagepost::mailauth
