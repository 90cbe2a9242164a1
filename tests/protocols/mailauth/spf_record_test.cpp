#include "protocols/mailauth/spf_record.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth::spf {
namespace {

bool good(const std::string& terms) { return parse_record("v=spf1 " + terms).value.has_value(); }

TEST(SpfRecord, IsKnownByItsVersion) {
  EXPECT_TRUE(is_spf_record("v=spf1"));
  EXPECT_TRUE(is_spf_record("V=SPF1 -all"));
  EXPECT_FALSE(is_spf_record("v=spf10 -all"));
  EXPECT_FALSE(is_spf_record("v=spf2.0/pra -all"));
  EXPECT_FALSE(is_spf_record(""));
}

TEST(SpfRecord, ReadsMechanisms) {
  const auto read = parse_record(
      "v=spf1  A:foo.test/24//64 -ip6:2001:db8::/32 ~ip4:10.0.0.0/8 mx ?ptr exists:%{i}.x.test -all ");
  ASSERT_TRUE(read.value);
  const auto& m = read.value->mechanisms;
  ASSERT_EQ(m.size(), 7u);
  EXPECT_EQ(m[0].kind, mechanism_kind::a);
  EXPECT_EQ(m[0].domain_spec, "foo.test");
  EXPECT_EQ(m[0].ip4_prefix, 24u);
  EXPECT_EQ(m[0].ip6_prefix, 64u);
  EXPECT_EQ(m[1].qualifier, '-');
  EXPECT_EQ(m[1].ip6_prefix, 32u);
  EXPECT_EQ(to_string(m[2].network), "10.0.0.0");
  EXPECT_EQ(m[2].ip4_prefix, 8u);
  EXPECT_EQ(m[3].domain_spec, "");
  EXPECT_EQ(m[6].text, "-all");
}

TEST(SpfRecord, ReadsModifiers) {
  const auto read = parse_record("v=spf1 Redirect=a.test exp=%{d}.b.test other.one=x:y");
  ASSERT_TRUE(read.value);
  EXPECT_EQ(read.value->redirect, "a.test");
  EXPECT_EQ(read.value->explanation, "%{d}.b.test");
}

TEST(SpfRecord, RefusesBrokenTerms) {
  for (const auto* bad : {"moo",
                          "all:x.test",
                          "all/8",
                          "-all.",
                          "include",
                          "include:",
                          "include:a.test/24",
                          "exists",
                          "ptr/0",
                          "ptr:",
                          "a:",
                          "a/33",
                          "a//129",
                          "a/24/64",
                          "a/024",
                          "a/",
                          "a//",
                          "mx:a.test/",
                          "ip4",
                          "ip4:1.2.3",
                          "ip4:1.2.3.4//32",
                          "ip4:1.2.3.4/",
                          "ip6:1.2.3.4",
                          "ip6:::1/129",
                          "redirect=",
                          "redirect=test",
                          "exp=-all",
                          "redirect=a.test redirect=a.test",
                          "=all",
                          "1up=foo",
                          "foo=%abc",
                          "++all",
                          "+",
                          "\x80"
                          "all"})
    EXPECT_FALSE(good(bad)) << bad;
  EXPECT_EQ(parse_record("v=spf1 moo").problem, "syntax: moo");
}

TEST(SpfRecord, HasLimits) {
  EXPECT_FALSE(good(std::string(max_record_bytes, ' ')));
  std::string many;
  for (size_t i = 0; i <= max_terms; ++i) many += "mx ";
  EXPECT_FALSE(good(many));
}

} // namespace
} // namespace stagepost::mailauth::spf
