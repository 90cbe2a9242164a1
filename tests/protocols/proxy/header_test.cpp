#include "protocols/proxy/header.hpp"

#include <gtest/gtest.h>

namespace stagepost::proxy {
namespace {

header read_whole(bytes_view input) {
  const auto got = parse_proxy_header(input);
  EXPECT_TRUE(std::holds_alternative<header>(got)) << input;
  return std::holds_alternative<header>(got) ? std::get<header>(got) : header{};
}

bool is_malformed(bytes_view input) { return std::holds_alternative<malformed>(parse_proxy_header(input)); }
bool is_incomplete(bytes_view input) { return std::holds_alternative<incomplete>(parse_proxy_header(input)); }

/// A version 2 header: command PROXY or LOCAL, family and protocol, block.
bytes binary(uint8_t command, uint8_t family, const bytes& block) {
  bytes out("\r\n\r\n\0\r\nQUIT\n", 12);
  out.push_back(char(0x20 | command));
  out.push_back(char(family));
  append_big_endian(out, uint16_t(block.size()));
  return out + block;
}

bytes ipv4_block() { return bytes("\xc0\x00\x02\x01\x0a\x00\x00\x02\x30\x39\x00\x19", 12); }

TEST(ProxyHeader, ReadsVersion1) {
  const auto ipv4 = read_whole("PROXY TCP4 192.0.2.1 10.0.0.2 12345 25\r\nEHLO");
  EXPECT_EQ(ipv4.consumed, 40u);
  EXPECT_FALSE(ipv4.local);
  EXPECT_EQ(ipv4.source.address, "192.0.2.1");
  EXPECT_EQ(ipv4.source.port, 12345);
  EXPECT_EQ(ipv4.destination.address, "10.0.0.2");
  EXPECT_EQ(ipv4.destination.port, 25);
  EXPECT_EQ(read_whole("PROXY TCP6 2001:DB8:0:0::1 ::1 1 2\r\n").source.address, "2001:db8::1");
}

TEST(ProxyHeader, ReadsVersion2AndSkipsTlvs) {
  const auto ipv4 = read_whole(binary(1, 0x11, ipv4_block() + bytes("\x04\x00\x02xx", 5)) + "EHLO");
  EXPECT_EQ(ipv4.consumed, 33u);
  EXPECT_EQ(ipv4.source.address, "192.0.2.1");
  EXPECT_EQ(ipv4.source.port, 12345);
  EXPECT_EQ(ipv4.destination.address, "10.0.0.2");
  EXPECT_EQ(ipv4.destination.port, 25);

  bytes ipv6 = bytes("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
  EXPECT_EQ(read_whole(binary(1, 0x21, ipv6 + ipv6 + bytes("\0\x01\0\x02", 4))).source.address,
            "2001:db8::1");
}

TEST(ProxyHeader, WritesAMappedIpv4AddressAsIpv4) {
  EXPECT_EQ(read_whole("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n").source.address, "192.0.2.1");
}

TEST(ProxyHeader, KeepsTheConnectionsOwnAddressesForLocalAndUnknown) {
  EXPECT_TRUE(read_whole("PROXY UNKNOWN\r\n").local);
  EXPECT_TRUE(read_whole("PROXY UNKNOWN ffff::1 ignored 65536\r\n").local);
  EXPECT_TRUE(read_whole(binary(0, 0x00, {})).local);
  EXPECT_TRUE(read_whole(binary(0, 0x11, ipv4_block())).local);
  EXPECT_TRUE(read_whole(binary(1, 0x00, {})).local);
  EXPECT_TRUE(read_whole(binary(0, 0x11, ipv4_block())).source.address.empty());
}

TEST(ProxyHeader, CallsAUnixClientUnix) {
  EXPECT_EQ(read_whole(binary(1, 0x31, bytes(216, 'p'))).source.address, "unix");
  EXPECT_TRUE(is_malformed(binary(1, 0x31, bytes(215, 'p'))));
}

TEST(ProxyHeader, AsksForMoreUntilTheHeaderIsWhole) {
  for (const bytes& whole :
       {bytes("PROXY TCP4 192.0.2.1 10.0.0.2 12345 25\r\n"), binary(1, 0x11, ipv4_block())}) {
    for (size_t length = 0; length < whole.size(); ++length)
      EXPECT_TRUE(is_incomplete(whole.substr(0, length)));
    EXPECT_EQ(read_whole(whole).consumed, whole.size());
  }
}

TEST(ProxyHeader, RefusesWhatIsNotOneAtTheFirstWrongOctet) {
  for (const auto* line : {"E", "PROXX", "EHLO mail\r\n", "\r\n\r\n\r", "\n", "proxy TCP4 "})
    EXPECT_TRUE(is_malformed(line));
}

TEST(ProxyHeader, RefusesBrokenVersion1) {
  for (const auto* line :
       {"PROXY TCP4 192.0.2.1 10.0.0.2 12345 25\n", "PROXY TCP5 192.0.2.1 10.0.0.2 12345 25\r\n",
        "PROXY TCP4 192.0.2.256 10.0.0.2 12345 25\r\n", "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 192.0.2.1 10.0.0.2 1 2\r\n", "PROXY TCP4 192.0.2.1 10.0.0.2 65536 25\r\n",
        "PROXY TCP4 192.0.2.1 10.0.0.2 025 25\r\n", "PROXY TCP4 192.0.2.1 10.0.0.2 12345 25 \r\n",
        "PROXY TCP4 192.0.2.1 10.0.0.2 12345\r\n", "PROXY TCP4  192.0.2.1 10.0.0.2 12345 25\r\n",
        "PROXY TCP4\r\n", "PROXY \r\n", "PROXY TCP4 192.0.2.1%1 10.0.0.2 1 2\r\n"})
    EXPECT_TRUE(is_malformed(line)) << line;
}

TEST(ProxyHeader, RefusesBrokenVersion2) {
  EXPECT_TRUE(is_malformed(binary(2, 0x11, ipv4_block()))) << "command";
  EXPECT_TRUE(is_malformed(binary(1, 0x12, ipv4_block()))) << "datagram";
  EXPECT_TRUE(is_malformed(binary(1, 0x41, ipv4_block()))) << "family";
  EXPECT_TRUE(is_malformed(binary(1, 0x11, ipv4_block().substr(1)))) << "addresses cut off";
  bytes version3 = binary(1, 0x11, ipv4_block());
  version3[12] = 0x31;
  EXPECT_TRUE(is_malformed(version3));
}

TEST(ProxyHeader, NeverWaitsForMoreThanItsLimits) {
  EXPECT_TRUE(is_malformed("PROXY UNKNOWN " + bytes(93, 'x')));
  EXPECT_TRUE(is_incomplete("PROXY UNKNOWN " + bytes(92, 'x')));
  EXPECT_EQ(read_whole("PROXY UNKNOWN " + bytes(91, 'x') + "\r\n").consumed, max_text_header_bytes);
  EXPECT_EQ(read_whole(binary(1, 0x11, ipv4_block() + bytes(4068, 't'))).consumed, max_binary_header_bytes);
  EXPECT_TRUE(is_malformed(binary(1, 0x11, ipv4_block() + bytes(4069, 't')).substr(0, 16)));
}

} // namespace
} // namespace stagepost::proxy
