#include "protocols/proxy/ip_text.hpp"

#include <gtest/gtest.h>

namespace stagepost::proxy {
namespace {

TEST(ProxyIpText, HasOneFormOfEachAddress) {
  EXPECT_EQ(canonical_ipv6("2001:0DB8:0000::0001"), "2001:db8::1");
  EXPECT_EQ(canonical_ipv6("::FFFF:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(canonical_ipv4("192.0.2.1"), "192.0.2.1");
}

TEST(ProxyIpText, RefusesWhatIsNoAddressOfItsFamily) {
  for (const auto* text : {"", "1.2.3", "1.2.3.04", "1.2.3.4.5", "::1", "localhost"})
    EXPECT_EQ(canonical_ipv4(text), "");
  for (const auto* text : {"", "1.2.3.4", "::1::", "fe80::1%eth0"}) EXPECT_EQ(canonical_ipv6(text), "");
  EXPECT_EQ(canonical_ipv4(std::string_view("1.2.3.4\0x", 9)), "") << "a NUL must not end the text";
}

} // namespace
} // namespace stagepost::proxy
