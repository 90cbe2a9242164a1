#include "conf/outbound_route.hpp"

#include <gtest/gtest.h>

namespace stagepost::conf {
namespace {

TEST(OutboundRoute, IsReadWithPortAndTls) {
  const auto found = parse_route("Example.ORG = 192.0.2.1:2525 required");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->domain, "example.org");
  EXPECT_EQ(text_of(found->address), "192.0.2.1");
  EXPECT_EQ(found->port, 2525);
  EXPECT_EQ(found->tls, route_tls::required);
}

TEST(OutboundRoute, IsReadWithoutThem) {
  const auto found = parse_route("*=[2001:db8::1]");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->domain, "*");
  EXPECT_EQ(text_of(found->address), "2001:db8::1");
  EXPECT_EQ(found->port, 25);
  EXPECT_FALSE(found->tls);
  EXPECT_EQ(parse_route("a.test=[::1]:26 none")->port, 26);
}

TEST(OutboundRoute, IsRefusedWhereItCannotBeMeant) {
  for (const auto* each :
       {"", "example.org", "=192.0.2.1", "example.org=", "example.org=mail.example.org", "a..b=192.0.2.1",
        "*.a=192.0.2.1", "a@b=192.0.2.1", "a=192.0.2.1:0", "a=192.0.2.1:66000", "a=192.0.2.1:25 maybe",
        "a=[192.0.2.1]:25", "a=2001:db8::1", "a=[::1", "a=192.0.2.1x"})
    EXPECT_FALSE(parse_route(each)) << each;
}

TEST(OutboundRoute, LeadsToItsDomainAndWithADotToAllBelow) {
  const auto one = *parse_route("example.org=192.0.2.1");
  EXPECT_TRUE(leads_to(one, "example.org"));
  EXPECT_FALSE(leads_to(one, "mail.example.org"));
  const auto below = *parse_route(".example.org=192.0.2.1");
  EXPECT_TRUE(leads_to(below, "example.org"));
  EXPECT_TRUE(leads_to(below, "a.mail.example.org"));
  EXPECT_FALSE(leads_to(below, "badexample.org"));
  EXPECT_TRUE(leads_to(*parse_route("*=192.0.2.1"), "example.org"));
}

} // namespace
} // namespace stagepost::conf
