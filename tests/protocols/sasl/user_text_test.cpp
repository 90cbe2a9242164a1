#include "protocols/sasl/user_text.hpp"

#include <gtest/gtest.h>

namespace stagepost::sasl {
namespace {

TEST(SaslUserText, TakesUtf8WithoutControlCharacters) {
  EXPECT_TRUE(is_user_text("bob@example.test"));
  EXPECT_TRUE(is_user_text("pass word"));
  EXPECT_TRUE(is_user_text("\xc3\xbc\xc2\xa0\xe2\x82\xac"));
}

TEST(SaslUserText, RefusesTheRest) {
  EXPECT_FALSE(is_user_text(""));
  EXPECT_FALSE(is_user_text("a\tb"));
  EXPECT_FALSE(is_user_text("a\x7f"));
  EXPECT_FALSE(is_user_text("a\xc2\x9f"));
  EXPECT_FALSE(is_user_text("a\xc2"));
  EXPECT_FALSE(is_user_text(bytes(max_user_text_bytes + 1, 'a')));
  EXPECT_TRUE(is_user_text(bytes(max_user_text_bytes, 'a')));
}

} // namespace
} // namespace stagepost::sasl
