#include "protocols/smtp/syntax.hpp"

#include <gtest/gtest.h>

namespace stagepost::smtp {
namespace {

TEST(SmtpSyntax, DecodesXtext) {
  EXPECT_EQ(decode_xtext("bob+2Btag+40x", false), "bob+tag@x");
  EXPECT_EQ(decode_xtext("", false), "");
  EXPECT_EQ(decode_xtext("a+3db", false), "a=b");
}

TEST(SmtpSyntax, RefusesBrokenXtext) {
  for (const auto* text : {"+", "a+2", "a+2G", "a+0D+0A", "a+7F", "a+00"})
    EXPECT_EQ(decode_xtext(text, false), std::nullopt) << text;
}

TEST(SmtpSyntax, LetsUtf8OutOfXtextOnlyWhereItMay) {
  EXPECT_EQ(decode_xtext("j+C3+B6", true), "j\xc3\xb6");
  EXPECT_EQ(decode_xtext("j+C3+B6", false), std::nullopt);
  EXPECT_EQ(decode_xtext("j+C3", true), std::nullopt);
}

TEST(SmtpSyntax, KnowsDotStrings) {
  for (const auto* text : {"a", "a.b", "a+b", "!#$%&'*+-/=?^_`{|}~"})
    EXPECT_TRUE(is_dot_string(text)) << text;
  for (const auto* text : {"", ".a", "a.", "a..b", "a b", "a@b", "a\"b", "a,b", "(a)"})
    EXPECT_FALSE(is_dot_string(text)) << text;
}

} // namespace
} // namespace stagepost::smtp
