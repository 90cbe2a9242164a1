#include "protocols/mime/encoded_word.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/charset.hpp"

#include <gtest/gtest.h>

namespace stagepost::mime {
namespace {

TEST(MimeEncodedWord, DecodesTheExamplesOfRfc2047) {
  EXPECT_EQ(decode_header_text("=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>"),
            "Keith Moore <moore@cs.utk.edu>");
  EXPECT_EQ(decode_header_text("(=?ISO-8859-1?Q?a?=)"), "(a)");
  EXPECT_EQ(decode_header_text("(=?ISO-8859-1?Q?a?= b)"), "(a b)");
  EXPECT_EQ(decode_header_text("(=?ISO-8859-1?Q?a?=   =?ISO-8859-1?Q?b?=)"), "(ab)");
  EXPECT_EQ(decode_header_text("(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)"), "(ab)");
  EXPECT_EQ(decode_header_text("(=?ISO-8859-1?Q?a_b?=)"), "(a b)");
  EXPECT_EQ(decode_header_text("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n"
                               " =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?="),
            "If you can read this you understand the example.");
}

TEST(MimeEncodedWord, JoinsCharactersCutInTwo) {
  EXPECT_EQ(decode_header_text("=?utf-8?Q?=E2=82?= =?UTF-8?B?rA==?="), "\xe2\x82\xac");
}

TEST(MimeEncodedWord, IgnoresLanguagesAndKnowsOtherCharsets) {
  EXPECT_EQ(decode_header_text("=?us-ascii*en?q?hello?="), "hello");
  EXPECT_EQ(decode_header_text("=?koi8-r?B?8NLJ18XU?="), "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82");
  EXPECT_EQ(decode_header_text("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?="), "\xe6\x97\xa5\xe6\x9c\xac");
}

TEST(MimeEncodedWord, LeavesWhatIsNoEncodedWord) {
  for (const auto* text :
       {"=?utf-8?X?a?=", "=?utf-8?Q?open", "=??Q?a?=", "a =? b", "=?utf-8?Q?", "2 =? 3 ?= 4"})
    EXPECT_EQ(decode_header_text(text), text);
}

TEST(MimeEncodedWord, ReadsRawOctetsAsUtf8OrWindows1252) {
  EXPECT_EQ(decode_header_text("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(decode_header_text("caf\xe9"), "caf\xc3\xa9");
}

TEST(MimeEncodedWord, NeverGivesASecondLine) {
  EXPECT_EQ(decode_header_text("=?utf-8?Q?a=0D=0ABcc:=20x=00?="), "a  Bcc: x ");
}

TEST(MimeEncodedWord, ReadsAMillionOctetsOfAnything) {
  for (const auto* piece : {"=?", "=?a?q?", "=?a?q?b?= ", "?", "=?a?b?====?="}) {
    std::string value;
    while (value.size() < 1'000'000) value += piece;
    EXPECT_TRUE(is_utf8(decode_header_text(value)));
  }
}

TEST(MimeEncodedWord, LeavesPlainTextAlone) {
  EXPECT_EQ(encode_header_text("Re: plain = text?"), "Re: plain = text?");
}

TEST(MimeEncodedWord, WritesWordsOfAtMost75CharactersThatReadBack) {
  std::string japanese;
  std::string mostly_latin;
  for (int i = 0; i < 60; ++i) {
    japanese += "\xe6\x97\xa5\xf0\x9f\x98\x80";
    mostly_latin += "latin \xc3\xa9 ";
  }
  for (const auto& text : {japanese, mostly_latin, std::string("a =?utf-8?q?b?= c"), std::string("x\ty")}) {
    const auto written = encode_header_text(text);
    for (std::string_view left = written; !left.empty();) {
      const auto word = take_until(left, ' ');
      EXPECT_LE(word.size(), 75u);
      // RFC 2047 5: each word stands for whole characters.
      EXPECT_TRUE(is_utf8(decode_header_text(word)));
      EXPECT_EQ(decode_header_text(word).find("\xef\xbf\xbd"), std::string::npos);
    }
    auto expected = text;
    for (char& c : expected)
      if (c == '\t') c = ' ';
    EXPECT_EQ(decode_header_text(written), expected);
  }
}

} // namespace
} // namespace stagepost::mime
