#include "protocols/proxy/ip_text.hpp"

// Text conversion only: nothing here opens a socket.
#include <arpa/inet.h>

#include <array>

namespace stagepost::proxy {

namespace {

constexpr bytes_view mapped_prefix("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);

std::string text_of(int family, bytes_view address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(family, address.data(), text.data(), text.size()) ? text.data() : std::string();
}

bool read_text(int family, std::string_view text, bytes& address) {
  if (text.find('\0') != std::string_view::npos) return false; // inet_pton would stop there
  return inet_pton(family, std::string(text).c_str(), address.data()) == 1;
}

} // namespace

std::string ipv4_text(bytes_view address) { return text_of(AF_INET, address); }

std::string ipv6_text(bytes_view address) {
  if (address.starts_with(mapped_prefix)) return ipv4_text(address.substr(mapped_prefix.size()));
  return text_of(AF_INET6, address);
}

std::string canonical_ipv4(std::string_view text) {
  bytes address(4, '\0');
  return read_text(AF_INET, text, address) ? ipv4_text(address) : std::string();
}

std::string canonical_ipv6(std::string_view text) {
  bytes address(16, '\0');
  return read_text(AF_INET6, text, address) ? ipv6_text(address) : std::string();
}

} // namespace stagepost::proxy
