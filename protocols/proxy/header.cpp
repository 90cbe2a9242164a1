#include "protocols/proxy/header.hpp"

#include "protocols/base/text.hpp"
#include "protocols/proxy/ip_text.hpp"

#include <algorithm>

namespace stagepost::proxy {

namespace {

// The sections cited are those of HAProxy's doc/proxy-protocol.txt.

constexpr bytes_view text_signature = "PROXY ";
constexpr bytes_view binary_signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr size_t binary_prefix_bytes = 16; // signature, version and command, family, length

/// Section 2.1. Ports have no leading zeros.
bool take_port(std::string_view text, uint16_t& port) {
  const auto number = parse_number<uint32_t>(text);
  if (!number || *number > 65535 || text != std::to_string(*number)) return false;
  port = uint16_t(*number);
  return true;
}

/// Section 2.1: "PROXY TCP4 source destination source-port destination-port CRLF", single spaces.
parsed parse_text(bytes_view input) {
  const auto end = input.substr(0, max_text_header_bytes).find('\n');
  if (end == bytes_view::npos) {
    if (input.size() >= max_text_header_bytes) return malformed{"version 1 header too long"};
    return incomplete{};
  }
  std::string_view line = input.substr(0, end);
  if (!line.ends_with('\r')) return malformed{"version 1 header without CRLF"};
  line.remove_suffix(1);
  line.remove_prefix(text_signature.size());

  header read;
  read.consumed = end + 1;
  const auto family = take_until(line, ' ');
  if (family == "UNKNOWN") { // what follows is to be ignored
    read.local = true;
    return read;
  }
  if (family != "TCP4" && family != "TCP6") return malformed{"unknown family"};
  const auto canonical = family == "TCP4" ? canonical_ipv4 : canonical_ipv6;
  read.source.address = canonical(take_until(line, ' '));
  read.destination.address = canonical(take_until(line, ' '));
  if (read.source.address.empty() || read.destination.address.empty()) return malformed{"bad address"};
  const auto source_port = take_until(line, ' ');
  if (!take_port(source_port, read.source.port) || !take_port(line, read.destination.port))
    return malformed{"bad port"};
  return read;
}

/// Section 2.2: addresses by family; what follows them are TLVs, which are skipped.
bool take_addresses(uint8_t family_and_protocol, bytes_view block, header& read) {
  const auto take = [&](size_t address_bytes, auto text) {
    if (block.size() < 2 * address_bytes + 4) return false;
    read.source.address = text(block.substr(0, address_bytes));
    read.destination.address = text(block.substr(address_bytes, address_bytes));
    read.source.port = read_big_endian<uint16_t>(block.substr(2 * address_bytes));
    read.destination.port = read_big_endian<uint16_t>(block.substr(2 * address_bytes + 2));
    return true;
  };
  switch (family_and_protocol) {
  case 0x00: read.local = true; return true; // UNSPEC
  case 0x11: return take(4, ipv4_text);      // TCP over IPv4
  case 0x21: return take(16, ipv6_text);     // TCP over IPv6
  case 0x31: // UNIX stream: two paths of 108 octets, which mean nothing on this machine
    read.source.address = read.destination.address = "unix";
    return block.size() >= 216;
  default: return false; // datagrams, and what is reserved
  }
}

parsed parse_binary(bytes_view input) {
  if (input.size() < binary_prefix_bytes) return incomplete{};
  const auto version_and_command = uint8_t(input[12]);
  const auto family_and_protocol = uint8_t(input[13]);
  const size_t block_bytes = read_big_endian<uint16_t>(input.substr(14));
  if (version_and_command >> 4 != 2) return malformed{"unknown version"};
  const uint8_t command = version_and_command & 0x0f;
  if (command > 1) return malformed{"unknown command"};
  if (binary_prefix_bytes + block_bytes > max_binary_header_bytes)
    return malformed{"version 2 header too long"};
  if (input.size() < binary_prefix_bytes + block_bytes) return incomplete{};

  header read;
  read.consumed = binary_prefix_bytes + block_bytes;
  if (command == 0) { // LOCAL: the family is to be ignored
    read.local = true;
    return read;
  }
  if (!take_addresses(family_and_protocol, input.substr(binary_prefix_bytes, block_bytes), read))
    return malformed{"unknown family or addresses cut off"};
  return read;
}

/// Whether `input` has, as far as it goes, what it must begin with.
bool may_begin_with(bytes_view input, bytes_view signature) {
  const size_t length = std::min(input.size(), signature.size());
  return input.substr(0, length) == signature.substr(0, length);
}

} // namespace

parsed parse_proxy_header(bytes_view input) {
  if (input.empty()) return incomplete{};
  if (may_begin_with(input, binary_signature)) return parse_binary(input);
  if (!may_begin_with(input, text_signature)) return malformed{"no PROXY header"};
  if (input.size() < text_signature.size()) return incomplete{};
  return parse_text(input);
}

} // namespace stagepost::proxy
