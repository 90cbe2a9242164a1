#include "protocols/sasl/prepare.hpp"

#include <gtest/gtest.h>

namespace stagepost::sasl {
namespace {

TEST(SaslPrepare, DoesTheExamplesOfItsStandard) { // RFC 4013 3
  EXPECT_EQ(prepare("I\xc2\xadX"), "IX");         // the soft hyphen is mapped to nothing
  EXPECT_EQ(prepare("user"), "user");
  EXPECT_EQ(prepare("USER"), "USER"); // case is kept
  EXPECT_EQ(prepare("\xc2\xaa"), "a");
  EXPECT_EQ(prepare("\xe2\x85\xa8"), "IX");
  EXPECT_EQ(prepare("\x07"), std::nullopt);         // prohibited
  EXPECT_EQ(prepare("\xd8\xa7\x31"), std::nullopt); // both directions
}

TEST(SaslPrepare, MakesOneOfTheFormsOfACharacter) {
  EXPECT_EQ(prepare("gr\xc3\xbc\xc3\x9f dich"), "gr\xc3\xbc\xc3\x9f dich");
  EXPECT_EQ(prepare("gru\xcc\x88\xc3\x9f dich"), "gr\xc3\xbc\xc3\x9f dich");
  EXPECT_EQ(prepare("gr\xc3\xbc\xc3\x9f\xc2\xa0"
                    "dich"),
            "gr\xc3\xbc\xc3\x9f dich");
}

TEST(SaslPrepare, LeavesAsciiAlone) {
  std::string all;
  for (char c = 0x20; c < 0x7f; ++c) all.push_back(c);
  EXPECT_EQ(prepare(all), all);
  EXPECT_EQ(prepare(""), "");
}

TEST(SaslPrepare, RefusesWhatIsNoTextOrTooLong) {
  EXPECT_EQ(prepare("\xff"), std::nullopt);
  EXPECT_EQ(prepare("\xed\xa0\x80"), std::nullopt); // a surrogate
  EXPECT_EQ(prepare(std::string(1025, 'x')), std::nullopt);
  EXPECT_EQ(prepare(bytes("a\0b", 3)), std::nullopt);
  EXPECT_EQ(prepare("a\xef\xbf\xbd"), std::nullopt); // the replacement character (RFC 3454 C.6)
}

TEST(SaslPrepare, TakesCharactersNewerThanItsTables) {
  EXPECT_EQ(prepare("\xf0\x9f\x90\xb4 battery"), "\xf0\x9f\x90\xb4 battery");
}

TEST(SaslPrepare, HasRoomForWhatGrowsMost) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "\xef\xb7\xba"; // U+FDFA is 18 characters
  const auto prepared = prepare(text);
  ASSERT_TRUE(prepared);
  EXPECT_GT(prepared->size(), text.size() * 5);
}

} // namespace
} // namespace stagepost::sasl
