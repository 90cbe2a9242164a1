#include "protocols/http/url.hpp"

#include "protocols/http/target.hpp"

#include <gtest/gtest.h>

namespace stagepost::http {
namespace {

TEST(Url, IsTakenApart) {
  const auto found = parse_url("HTTPS://MTA-STS.Example.org/.well-known/mta-sts.txt?a=b#part");
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->secure);
  EXPECT_EQ(found->host, "mta-sts.example.org");
  EXPECT_EQ(found->port, 443);
  EXPECT_EQ(found->target, "/.well-known/mta-sts.txt?a=b");
  EXPECT_EQ(host_field(*found), "mta-sts.example.org");
}

TEST(Url, MayHaveAPortAndNoPath) {
  const auto found = parse_url("http://example.org:8080");
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->secure);
  EXPECT_EQ(found->port, 8080);
  EXPECT_EQ(found->target, "/");
  EXPECT_EQ(host_field(*found), "example.org:8080");
  EXPECT_EQ(parse_url("http://example.org?x=1")->target, "/?x=1");
  EXPECT_EQ(parse_url("http://example.org.:/")->host, "example.org");
}

TEST(Url, MayNameAnAddress) {
  EXPECT_EQ(parse_url("http://192.0.2.1:81/")->host, "192.0.2.1");
  const auto found = parse_url("https://[2001:DB8::1]:8443/x");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->host, "2001:db8::1");
  EXPECT_EQ(found->port, 8443);
  EXPECT_EQ(host_field(*found), "[2001:db8::1]:8443");
}

TEST(Url, OfAnythingElseIsNone) {
  for (const char* text : {"",
                           "https://",
                           "ftp://example.org/",
                           "//example.org/",
                           "example.org",
                           "https:///path",
                           "https://user@example.org/",
                           "https://user:secret@example.org/",
                           "https://exa mple.org/",
                           "https://example.org/a b",
                           "https://example.org/a\r\nHost: x",
                           "https://example.org:0/",
                           "https://example.org:65536/",
                           "https://example.org:80x/",
                           "https://.example.org/",
                           "https://a..example.org/",
                           "https://[::1/",
                           "https://[example.org]/",
                           "https://[::1]x/",
                           "https://exa\x01mple.org/",
                           "https://example.org/\x7f"})
    EXPECT_FALSE(parse_url(text)) << text;
  EXPECT_FALSE(parse_url("https://example.org/" + std::string(longest_url, 'a')));
}

TEST(Url, OfALocationIsAnotherServerOrAnotherPath) {
  const auto from = *parse_url("https://example.org:8443/a?b");
  EXPECT_EQ(resolve_location(from, "/c?d")->target, "/c?d");
  EXPECT_EQ(resolve_location(from, "/c?d")->port, 8443);
  EXPECT_EQ(resolve_location(from, "http://example.net/")->host, "example.net");
  EXPECT_FALSE(resolve_location(from, "c"));
  EXPECT_FALSE(resolve_location(from, "//example.net/"));
  EXPECT_FALSE(resolve_location(from, "/a\nb"));
}

TEST(Url, ParametersAreEscapedSoThatAServerReadsThemBack) {
  const std::string address = "a+b&c=d%\xc3\xa9 @example.org";
  const auto found = parse_target("/users?address=" + escape(address) + "&domain=x");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->parameter("address"), address);
  EXPECT_EQ(found->parameter("domain"), "x");
}

} // namespace
} // namespace stagepost::http
