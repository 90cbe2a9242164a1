#include "protocols/base/text.hpp"

#include <gtest/gtest.h>

namespace stagepost {
namespace {

TEST(BaseText, FoldsAsciiOnly) {
  EXPECT_EQ(ascii_lower("AbZ[\xc3\x84"), "abz[\xc3\x84");
  EXPECT_EQ(ascii_upper("aBz{\xc3\xa4"), "ABZ{\xc3\xa4");
  EXPECT_TRUE(ascii_iequals("MAIL from", "mail FROM"));
  EXPECT_FALSE(ascii_iequals("mail", "mails"));
  EXPECT_TRUE(ascii_istarts_with("FROM:<a>", "from:"));
  EXPECT_FALSE(ascii_istarts_with("FR", "from:"));
}

TEST(BaseText, TrimsSpacesAndTabs) {
  EXPECT_EQ(trim(" \ta b\t "), "a b");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim(""), "");
}

TEST(BaseText, TakesPartsUntilASeparator) {
  std::string_view text = "a,b,,c";
  EXPECT_EQ(take_until(text, ','), "a");
  EXPECT_EQ(take_until(text, ','), "b");
  EXPECT_EQ(take_until(text, ','), "");
  EXPECT_EQ(take_until(text, ','), "c");
  EXPECT_EQ(text, "");
  EXPECT_EQ(take_until(text, ','), "");
}

TEST(BaseText, ReadsNumbersInRange) {
  EXPECT_EQ(parse_number<uint32_t>("4294967295"), 4294967295u);
  EXPECT_EQ(parse_number<uint32_t>("4294967296"), std::nullopt);
  EXPECT_EQ(parse_number<uint64_t>("18446744073709551615"), ~uint64_t(0));
  EXPECT_EQ(parse_number<uint64_t>("18446744073709551616"), std::nullopt);
  EXPECT_EQ(parse_number<uint8_t>("0255"), 255);
  EXPECT_EQ(parse_number<uint8_t>("256"), std::nullopt);
  EXPECT_EQ(parse_number<uint32_t>("000000000000000000001"), std::nullopt); // more than 20 digits
}

TEST(BaseText, ReadsNothingThatIsNoNumber) {
  for (const auto* text : {"", " 1", "1 ", "+1", "-1", "0x1", "1.0"})
    EXPECT_EQ(parse_number<uint32_t>(text), std::nullopt) << text;
}

TEST(BaseText, KnowsWellFormedUtf8) {
  for (const auto* text : {"", "abc", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xef\xbf\xbf",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(text)) << to_hex(text);
}

TEST(BaseText, KnowsIllFormedUtf8) {
  for (const auto* text : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80",
                           "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc2g", "\xff"})
    EXPECT_FALSE(is_utf8(text)) << to_hex(text);
}

TEST(BaseText, EncodesBase64AsRfc4648Shows) {
  const std::pair<const char*, const char*> samples[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : samples) {
    EXPECT_EQ(base64_encode(plain), encoded);
    EXPECT_EQ(base64_decode(encoded), plain);
  }
  bytes all;
  for (int i = 0; i < 256; ++i) all.push_back(char(i));
  EXPECT_EQ(base64_decode(base64_encode(all)), all);
}

TEST(BaseText, RefusesMalformedBase64) {
  for (const auto* text :
       {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z=g=", "====", "Zm9v\r\n", "Zm 9v", "Zg==Zg=="})
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
}

TEST(BaseText, WritesHexDigits) { EXPECT_EQ(to_hex(bytes("\x00\x0f\xff", 3)), "000fff"); }

TEST(BaseText, MakesForeignTextFitForALogLine) {
  EXPECT_EQ(printable("a\r\n\\\xc3"), "a\\x0d\\x0a\\x5c\\xc3");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
  EXPECT_EQ(printable("abc", 3), "abc");
}

} // namespace
} // namespace stagepost
