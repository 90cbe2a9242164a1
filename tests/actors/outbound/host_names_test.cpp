#include "actors/outbound/host_names.hpp"

#include <gtest/gtest.h>

namespace stagepost::outbound {
namespace {

TEST(HostNames, AreThoseOfTheAddress) {
  const std::vector<std::string> entries{"192.0.2.1=mail.one.example", "2001:db8::2=mail.two.example"};
  EXPECT_EQ(host_name_at(entries, *conf::parse_ip("192.0.2.1")), "mail.one.example");
  EXPECT_EQ(host_name_at(entries, *conf::parse_ip("2001:DB8:0::2")), "mail.two.example");
  EXPECT_FALSE(host_name_at(entries, *conf::parse_ip("192.0.2.2")));
  EXPECT_FALSE(host_name_at({}, *conf::parse_ip("192.0.2.1")));
}

} // namespace
} // namespace stagepost::outbound
