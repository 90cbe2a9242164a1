#include "protocols/mailauth/spf_macro.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth::spf {
namespace {

macro_values values() {
  return {.sender_local = "strong-bad",
          .sender_domain = "email.example.com",
          .domain = "email.example.com",
          .client = *parse_ipv4("192.0.2.3"),
          .helo = "mx.example.org",
          .receiver = "us.test",
          .now_seconds = 99};
}

std::string expanded(std::string_view text, macro_values with = values()) {
  return expand(text, macro_place::explanation, with).value_or("nothing");
}

TEST(SpfMacro, ExpandsTheExamplesOfTheStandard) { // RFC 7208 7.4
  EXPECT_EQ(expanded("%{s}"), "strong-bad@email.example.com");
  EXPECT_EQ(expanded("%{o}"), "email.example.com");
  EXPECT_EQ(expanded("%{d4}"), "email.example.com");
  EXPECT_EQ(expanded("%{d3}"), "email.example.com");
  EXPECT_EQ(expanded("%{d2}"), "example.com");
  EXPECT_EQ(expanded("%{d1}"), "com");
  EXPECT_EQ(expanded("%{dr}"), "com.example.email");
  EXPECT_EQ(expanded("%{d2r}"), "example.email");
  EXPECT_EQ(expanded("%{l}"), "strong-bad");
  EXPECT_EQ(expanded("%{l-}"), "strong.bad");
  EXPECT_EQ(expanded("%{lr}"), "strong-bad");
  EXPECT_EQ(expanded("%{lr-}"), "bad.strong");
  EXPECT_EQ(expanded("%{l1r-}"), "strong");
  EXPECT_EQ(expanded("%{ir}.%{v}._spf.%{d2}"), "3.2.0.192.in-addr._spf.example.com");
  EXPECT_EQ(expanded("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}"), "bad.strong.lp.3.2.0.192.in-addr._spf.example.com");
  auto six = values();
  six.client = *parse_ipv6("2001:db8::cb01");
  EXPECT_EQ(expanded("%{ir}.%{v}", six),
            "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6");
  EXPECT_EQ(expanded("%{c} %{r} %{t} %{h} %{p}", six), "2001:db8::cb01 us.test 99 mx.example.org unknown");
  EXPECT_EQ(expanded("a%%b%_c%-d"), "a%b c%20d");
}

TEST(SpfMacro, EscapesWithUpperCaseLetters) {
  auto with = values();
  with.sender_local = "~a&b=c";
  EXPECT_EQ(expanded("%{L}", with), "~a%26b%3Dc");
}

TEST(SpfMacro, KnowsItsSyntax) {
  for (const auto* bad : {"%", "%a", "%{", "%{}", "%{x}", "%{d0}", "%{d2x}", "%{dr2}", "%{d", "a\x01", "a b"})
    EXPECT_FALSE(is_macro_string(bad, macro_place::domain_spec)) << bad;
  EXPECT_FALSE(is_macro_string("%{c}", macro_place::domain_spec));
  EXPECT_TRUE(is_macro_string("%{c} b", macro_place::explanation));
  for (const auto* good :
       {"a.test", "a.test.", "%{d}", "x%{d}", "x.%{d2}.test", "a.xn--zckzah", "a:b/c.test"})
    EXPECT_TRUE(is_domain_spec(good)) << good;
  for (const auto* bad : {"", "test", "test.", "a.123", "a.-b", "%{d}x", "a.b%{", "a.b c", "a.b:80"})
    EXPECT_FALSE(is_domain_spec(bad)) << bad;
}

TEST(SpfMacro, LetsNoForeignLocalPartIntoTheDns) { // RFC 8616 4
  auto with = values();
  with.sender_local = "j\xc3\xb6rg";
  EXPECT_EQ(expanded("%{l}", with), "nothing");
  EXPECT_EQ(expanded("%{s}", with), "nothing");
  EXPECT_EQ(expanded("%{o}", with), "email.example.com");
}

TEST(SpfMacro, GivesUpOnTextsThatGrow) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "%{d}";
  EXPECT_EQ(expanded(many), "nothing");
}

TEST(SpfMacro, ShortensNamesFromTheLeft) { // RFC 7208 7.3
  std::string name = "End.Test";
  while (name.size() <= 253) name = "label." + name;
  const auto fitted = fit_query_name(name + '.');
  EXPECT_LE(fitted.size(), 253u);
  EXPECT_TRUE(fitted.starts_with("label.") && fitted.ends_with(".end.test"));
  EXPECT_EQ(fitted.size() + 6, name.size());
}

TEST(SpfMacro, SeesTheValidatedName) {
  EXPECT_TRUE(uses_validated_name("a.%{d}.%{P2r}"));
  EXPECT_FALSE(uses_validated_name("%%{p}"));
}

} // namespace
} // namespace stagepost::mailauth::spf
