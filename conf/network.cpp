#include "conf/network.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <bit>
#include <cstring>

namespace stagepost::conf {
namespace {

constexpr size_t v4_offset = 12;

/// The last address that shares the first `bits` bits with `ip`.
ip_address last_of_prefix(ip_address ip, unsigned bits) {
  for (unsigned bit = bits; bit < 128; ++bit) ip[bit / 8] |= uint8_t(0x80 >> (bit % 8));
  return ip;
}

ip_address first_of_prefix(ip_address ip, unsigned bits) {
  for (unsigned bit = bits; bit < 128; ++bit) ip[bit / 8] &= uint8_t(~(0x80 >> (bit % 8)));
  return ip;
}

/// How many leading bits the two share; they differ.
unsigned common_bits(const ip_address& a, const ip_address& b) {
  unsigned bits = 0;
  size_t i = 0;
  for (; a[i] == b[i]; ++i) bits += 8;
  return bits + unsigned(std::countl_zero(uint8_t(a[i] ^ b[i])));
}

/// The next address; the last one of all has none and stays.
ip_address successor(ip_address ip) {
  const ip_address before = ip;
  for (size_t i = ip.size(); i-- > 0;)
    if (++ip[i] != 0) return ip;
  return before;
}

std::optional<network> parse_prefix(std::string_view address, std::string_view length) {
  const auto ip = parse_ip(address);
  const auto bits = parse_number<uint32_t>(length);
  if (!ip || !bits) return std::nullopt;
  const unsigned family_bits = is_ipv4(*ip) ? 32 : 128;
  if (*bits > family_bits) return std::nullopt;
  const unsigned prefix = *bits + 128 - family_bits;
  // Host bits that are set are a slip of the pen more often than not, and the reader cannot tell what was
  // meant.
  if (first_of_prefix(*ip, prefix) != *ip) return std::nullopt;
  return network{*ip, last_of_prefix(*ip, prefix)};
}

} // namespace

bool is_ipv4(const ip_address& ip) {
  static constexpr std::array<uint8_t, v4_offset> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(mapped.begin(), mapped.end(), ip.begin());
}

std::optional<ip_address> parse_ip(std::string_view text) {
  char copy[INET6_ADDRSTRLEN] = {};
  if (text.empty() || text.size() >= sizeof copy || text.find('\0') != text.npos) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  ip_address ip{};
  if (inet_pton(AF_INET6, copy, ip.data()) == 1) return ip;
  ip[10] = ip[11] = 0xff;
  if (inet_pton(AF_INET, copy, ip.data() + v4_offset) == 1) return ip;
  return std::nullopt;
}

std::string text_of(const ip_address& ip) {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_ipv4(ip))
    inet_ntop(AF_INET, ip.data() + v4_offset, text, sizeof text);
  else
    inet_ntop(AF_INET6, ip.data(), text, sizeof text);
  return text;
}

std::optional<network> parse_network(std::string_view text) {
  text = trim(text);
  if (const auto slash = text.find('/'); slash != text.npos)
    return parse_prefix(text.substr(0, slash), text.substr(slash + 1));
  const auto dash = text.find('-');
  const auto first = parse_ip(trim(text.substr(0, dash)));
  if (!first) return std::nullopt;
  if (dash == text.npos) return network{*first, *first};
  const auto last = parse_ip(trim(text.substr(dash + 1)));
  if (!last || is_ipv4(*first) != is_ipv4(*last) || *last < *first) return std::nullopt;
  return network{*first, *last};
}

std::string text_of(const network& net) {
  if (net.first == net.last) return text_of(net.first);
  const unsigned prefix = common_bits(net.first, net.last);
  const unsigned above_family = is_ipv4(net.first) ? 96 : 0;
  if (first_of_prefix(net.first, prefix) == net.first && last_of_prefix(net.first, prefix) == net.last)
    return text_of(net.first) + "/" + std::to_string(prefix - above_family);
  return text_of(net.first) + "-" + text_of(net.last);
}

network_set::network_set(std::vector<network> networks) {
  std::sort(networks.begin(), networks.end());
  for (const network& next : networks) {
    auto& merged = is_ipv4(next.first) ? ipv4_ : ipv6_;
    if (!merged.empty() && next.first <= successor(merged.back().last))
      merged.back().last = std::max(merged.back().last, next.last);
    else
      merged.push_back(next);
  }
}

bool network_set::contains(const ip_address& ip) const {
  const auto& merged = is_ipv4(ip) ? ipv4_ : ipv6_;
  const auto after =
      std::upper_bound(merged.begin(), merged.end(), ip,
                       [](const ip_address& wanted, const network& net) { return wanted < net.first; });
  return after != merged.begin() && std::prev(after)->contains(ip);
}

} // namespace stagepost::conf
