#include "protocols/mime/charset.hpp"

#include "protocols/base/text.hpp"

#include <gtest/gtest.h>

namespace stagepost::mime {
namespace {

TEST(MimeCharset, ConvertsKnownCharsets) {
  EXPECT_EQ(to_utf8("\xe9\x80", "iso-8859-1"), "\xc3\xa9\xe2\x82\xac");
  EXPECT_EQ(to_utf8("\xa4", "ISO-8859-15"), "\xe2\x82\xac");
  EXPECT_EQ(to_utf8("\x93\xfa\x96\x7b", "shift_jis"), "\xe6\x97\xa5\xe6\x9c\xac");
  EXPECT_EQ(to_utf8("\x1b$BF|K\\\x1b(B", "iso-2022-jp"), "\xe6\x97\xa5\xe6\x9c\xac");
  EXPECT_EQ(to_utf8("\xc4\xe3\xba\xc3", "gb2312"), "\xe4\xbd\xa0\xe5\xa5\xbd");
  EXPECT_EQ(to_utf8("+AOQ-", "utf-7"), "\xc3\xa4");
}

TEST(MimeCharset, ReplacesWhatCannotBe) {
  EXPECT_EQ(to_utf8("a\xff"
                    "b",
                    "utf-8"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_TRUE(is_utf8(to_utf8("\x80\xfe\xff", "big5")));
}

TEST(MimeCharset, GuessesWhereTheNameSaysNothing) {
  for (const auto* name : {"", "us-ascii", "x-unknown", "../../etc/passwd", "utf-8,version=1", "%s"}) {
    EXPECT_EQ(to_utf8("caf\xc3\xa9", name), "caf\xc3\xa9") << name;
    EXPECT_EQ(to_utf8("caf\xe9 \x80", name), "caf\xc3\xa9 \xe2\x82\xac") << name;
    EXPECT_EQ(to_utf8("plain", name), "plain") << name;
  }
}

TEST(MimeCharset, KnowsWhichNamesSearchMayUse) {
  for (const auto* name : {"UTF-8", "us-ascii", "ISO-8859-1", "koi8-r", "windows-1251"})
    EXPECT_TRUE(is_known_charset(name));
  for (const auto* name : {"", "klingon", "utf-8/../x", "a,b"}) EXPECT_FALSE(is_known_charset(name)) << name;
}

TEST(MimeCharset, ComparesWithoutCaseAndWidth) {
  EXPECT_EQ(search_key("STRASSE"), search_key("stra\xc3\x9f"
                                              "e"));
  EXPECT_EQ(search_key("\xef\xbc\xa1"), "a");
  EXPECT_EQ(search_key("A\xcc\x88"), search_key("\xc3\xa4"));
  EXPECT_EQ(search_key("\xce\xa3"), search_key("\xcf\x82"));
  EXPECT_EQ(search_key("Hello"), "hello");
  EXPECT_EQ(search_key("A\xff"), "a\xef\xbf\xbd");
}

TEST(MimeCharset, WritesWhatACharsetCanSay) {
  EXPECT_EQ(from_utf8("gr\xc3\xbc\xc3\x9f", "iso-8859-1"), "gr\xfc\xdf");
  EXPECT_EQ(from_utf8("abc", "us-ascii"), "abc");
  EXPECT_EQ(from_utf8("\xc3\xbc", ""), std::nullopt);
  EXPECT_EQ(from_utf8("\xe2\x82\xac", "iso-8859-1"), std::nullopt);
  EXPECT_EQ(from_utf8("\xe2\x82\xac", "windows-1252"), "\x80");
  EXPECT_EQ(from_utf8("abc", "utf-16"), std::nullopt);
  EXPECT_EQ(from_utf8("\xff", "utf-8"), std::nullopt);
}

} // namespace
} // namespace stagepost::mime
