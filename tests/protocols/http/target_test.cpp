#include "protocols/http/target.hpp"

#include <gtest/gtest.h>

namespace stagepost::http {
namespace {

TEST(HttpTarget, IsTakenApartAtTheQuestionMark) {
  const auto found = parse_target("/mail/config-v1.1.xml?emailaddress=fred%40example.com&x=1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->path, "/mail/config-v1.1.xml");
  EXPECT_EQ(found->parameter("EmailAddress"), "fred@example.com");
  EXPECT_EQ(found->parameter("x"), "1");
  EXPECT_EQ(found->parameter("y"), "");
}

TEST(HttpTarget, LeavesThePlusOfAnAddressAlone) {
  EXPECT_EQ(parse_target("/?e=fred+news@example.com")->parameter("e"), "fred+news@example.com");
  EXPECT_EQ(parse_target("/?e=fred%2bnews")->parameter("e"), "fred+news");
}

TEST(HttpTarget, MayNameTheHostOnceMore) {
  EXPECT_EQ(parse_target("http://example.com/healthz")->path, "/healthz");
  EXPECT_EQ(parse_target("HTTPS://example.com?a=b")->parameter("a"), "b");
  EXPECT_EQ(parse_target("HTTPS://example.com?a=b")->path, "/");
}

TEST(HttpTarget, IsRefusedWhenItIsBroken) {
  for (const char* bad : {"", "healthz", "*", "/%", "/%4", "/%zz", "/a%00b", "/?a=%0", "ftp://x/y"})
    EXPECT_FALSE(parse_target(bad)) << bad;
  EXPECT_FALSE(parse_target("/" + std::string(longest_target, 'a')));
  std::string many = "/?";
  for (size_t i = 0; i <= most_parameters; ++i) many += "a&";
  EXPECT_FALSE(parse_target(many));
}

TEST(HttpHost, IsTheNameWithoutThePort) {
  EXPECT_EQ(host_of("Autoconfig.Example.com"), "autoconfig.example.com");
  EXPECT_EQ(host_of(" autoconfig.example.com:8080 "), "autoconfig.example.com");
  EXPECT_EQ(host_of("autoconfig.example.com."), "autoconfig.example.com");
  for (const char* bad : {"", "a b", "a/b", "example.com:http", "[::1]:80", "x\"y", ":80", "..", ".a", "a..b"})
    EXPECT_EQ(host_of(bad), "") << bad;
}

} // namespace
} // namespace stagepost::http
