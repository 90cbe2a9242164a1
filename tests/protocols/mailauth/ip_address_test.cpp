#include "protocols/mailauth/ip_address.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth {
namespace {

TEST(IpAddress, ReadsBothFamilies) {
  EXPECT_EQ(to_string(*parse_ipv4("192.0.2.1")), "192.0.2.1");
  EXPECT_EQ(to_string(*parse_ipv6("2001:DB8:0:0::1")), "2001:db8::1");
  for (const auto* text : {"", "1.2.3", "1.2.3.256", "1.2.3.04", "1.2.3.4 ", "::1"})
    EXPECT_FALSE(parse_ipv4(text)) << text;
  for (const auto* text : {"", "1.2.3.4", "::1::", "12345::", "::g"}) EXPECT_FALSE(parse_ipv6(text)) << text;
  EXPECT_FALSE(parse_ipv4(std::string_view("1.2.3.4\0x", 9)));
}

TEST(IpAddress, SeesAMappedClientAsIpv4) {
  EXPECT_EQ(parse_client_address("::ffff:192.0.2.1"), parse_ipv4("192.0.2.1"));
  EXPECT_TRUE(parse_client_address("::192.0.2.1")->is_v6);
}

TEST(IpAddress, ComparesPrefixes) {
  const auto within = [](std::string_view a, std::string_view b, unsigned bits) {
    return in_network(*parse_client_address(a), *parse_client_address(b), bits);
  };
  EXPECT_TRUE(within("10.1.2.3", "10.1.2.0", 24));
  EXPECT_FALSE(within("10.1.3.3", "10.1.2.0", 24));
  EXPECT_TRUE(within("10.1.3.3", "10.1.2.0", 23));
  EXPECT_TRUE(within("10.1.3.3", "200.0.0.0", 0));
  EXPECT_FALSE(within("10.1.3.3", "10.1.3.2", 32));
  EXPECT_TRUE(within("2001:db8::1", "2001:db8::1", 128));
  EXPECT_TRUE(within("2001:db8:8000::1", "2001:db8:ffff::", 33));
  EXPECT_FALSE(within("::1", "0.0.0.0", 0));
}

TEST(IpAddress, NamesTheReverse) {
  EXPECT_EQ(reverse_name(*parse_ipv4("1.2.3.4")), "4.3.2.1.in-addr.arpa");
  EXPECT_EQ(reverse_name(*parse_ipv6("2001:db8::1")),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

} // namespace
} // namespace stagepost::mailauth
