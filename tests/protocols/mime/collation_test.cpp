#include "protocols/mime/collation.hpp"

#include <gtest/gtest.h>

namespace stagepost::mime {
namespace {

TEST(Collation, IsTheSameForAllCasesOfALetter) {
  EXPECT_EQ(casemap_key("Hello"), casemap_key("hELLO"));
  EXPECT_EQ(casemap_key("Ärger"), casemap_key("äRGER"));
  EXPECT_EQ(casemap_key("Привет"), casemap_key("ПРИВЕТ"));
  EXPECT_EQ(casemap_key("σς"), casemap_key("ΣΣ"));
}

TEST(Collation, IsTheSameForAllFormsOfACharacter) {
  EXPECT_EQ(casemap_key("\xc3\xa9"), casemap_key("e\xcc\x81"));            // composed, decomposed
  EXPECT_EQ(casemap_key("\xef\xbc\xa1"), casemap_key("a"));                // full width
  EXPECT_EQ(casemap_key("\xef\xac\x81ne"), casemap_key("\xef\xac\x81NE")); // ligature fi
}

TEST(Collation, TellsApartWhatTheComparatorTellsApart) {
  // RFC 5051 maps one character at a time: the sharp s has no title case of one character.
  EXPECT_NE(casemap_key("straße"), casemap_key("STRASSE"));
  EXPECT_NE(casemap_key("a"), casemap_key("ä"));
}

TEST(Collation, PutsADecomposedLetterBehindItsBase) {
  EXPECT_LT(casemap_key("e"), casemap_key("\xc3\xa9"));
  EXPECT_LT(casemap_key("\xc3\xa9"), casemap_key("f"));
}

TEST(Collation, FindsMoreThanItTakesForEqual) {
  const auto finds = [](std::string_view text, std::string_view wanted) {
    return find_key(text).find(find_key(wanted)) != std::string::npos;
  };
  EXPECT_TRUE(finds("im Café", "CAFE"));
  EXPECT_TRUE(finds("Hauptstraße 1", "STRASSE"));
  EXPECT_TRUE(finds("HAUPTSTRASSE", "straße"));
  EXPECT_FALSE(finds("cafe", "café"));
}

TEST(Collation, ReadsWhatIsNoUtf8) {
  EXPECT_EQ(casemap_key("a\xff"), "A\xef\xbf\xbd");
  EXPECT_EQ(casemap_key(""), "");
}

} // namespace
} // namespace stagepost::mime
