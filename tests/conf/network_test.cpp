#include "conf/network.hpp"

#include <gtest/gtest.h>

using namespace stagepost::conf;

namespace {

ip_address ip(std::string_view text) { return parse_ip(text).value(); }

std::string round_trip(std::string_view text) {
  const auto net = parse_network(text);
  return net ? text_of(*net) : "refused";
}

} // namespace

TEST(Network, ReadsAddressesPrefixesAndRangesOfBothFamilies) {
  EXPECT_EQ(round_trip("192.168.1.26"), "192.168.1.26");
  EXPECT_EQ(round_trip("10.0.0.0/8"), "10.0.0.0/8");
  EXPECT_EQ(round_trip("192.168.1.1 - 192.168.1.255"), "192.168.1.1-192.168.1.255");
  EXPECT_EQ(round_trip("2001:db8::/32"), "2001:db8::/32");
  EXPECT_EQ(round_trip("2001:DB8::1-2001:db8::f"), "2001:db8::1-2001:db8::f");
  EXPECT_EQ(round_trip("0.0.0.0/0"), "0.0.0.0/0");
  EXPECT_EQ(round_trip("::/0"), "::/0");
}

TEST(Network, WritesARangeThatIsAPrefixAsThePrefix) {
  EXPECT_EQ(round_trip("10.0.0.0-10.0.0.255"), "10.0.0.0/24");
}

TEST(Network, RefusesWhatNamesNoClearSetOfAddresses) {
  for (const char* text :
       {"", " ", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.9-10.0.0.1", "10.0.0.1-::1", "10.0.0",
        "mail.example.com", "::1/129", "fe80::1%eth0", "1.2.3.4-", "-1.2.3.4", "10.0.0.0/-1"})
    EXPECT_EQ(round_trip(text), "refused") << text;
}

TEST(Network, TakesAMappedAddressForTheIpv4AddressItIs) {
  EXPECT_EQ(ip("::ffff:192.0.2.1"), ip("192.0.2.1"));
  EXPECT_EQ(text_of(ip("::ffff:192.0.2.1")), "192.0.2.1");
  EXPECT_TRUE(parse_network("192.0.2.0/24")->contains(ip("::ffff:192.0.2.1")));
}

TEST(NetworkSet, FindsAddressesInOverlappingNetworksAndNoneOutside) {
  const network_set set({*parse_network("10.0.0.0/24"), *parse_network("10.0.0.128-10.0.1.5"),
                         *parse_network("10.0.3.1"), *parse_network("2001:db8::/64"),
                         *parse_network("10.0.0.7")});
  for (const char* inside : {"10.0.0.0", "10.0.0.200", "10.0.1.5", "10.0.3.1", "2001:db8::ffff"})
    EXPECT_TRUE(set.contains(ip(inside))) << inside;
  for (const char* outside : {"9.255.255.255", "10.0.1.6", "10.0.3.0", "10.0.3.2", "2001:db8:0:1::", "::1"})
    EXPECT_FALSE(set.contains(ip(outside))) << outside;
}

TEST(NetworkSet, OfNothingContainsNothing) {
  EXPECT_TRUE(network_set{}.empty());
  EXPECT_FALSE(network_set{}.contains(ip("127.0.0.1")));
}

TEST(NetworkSet, OfAllIpv6AddressesLeavesIpv4Alone) {
  const network_set set({*parse_network("::/0")});
  EXPECT_TRUE(set.contains(ip("2001:db8::1")));
  EXPECT_FALSE(set.contains(ip("192.0.2.1")));
  EXPECT_FALSE(parse_network("::/0")->contains(ip("192.0.2.1")));
}

TEST(NetworkSet, OfEverythingContainsTheLastAddress) {
  const network_set set({*parse_network("::/0"), *parse_network("0.0.0.0/0")});
  EXPECT_TRUE(set.contains(ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")));
  EXPECT_TRUE(set.contains(ip("255.255.255.255")));
}
