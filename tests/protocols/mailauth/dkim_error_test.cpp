#include "protocols/mailauth/dkim_error.hpp"

#include <gtest/gtest.h>
#include <set>

namespace stagepost::mailauth::dkim {
namespace {

TEST(DkimError, NamesEachWithATextOfItsOwn) {
  std::set<std::string_view> texts;
  for (uint8_t code = 1; code <= uint8_t(errc::signature_mismatch); ++code) {
    EXPECT_NE(to_string(errc(code)), "unknown error") << int(code);
    EXPECT_TRUE(texts.insert(to_string(errc(code))).second);
  }
}

TEST(DkimError, UsesTheWordsOfTheRegistry) { // RFC 8601 2.7.1
  EXPECT_EQ(to_string(word_of(errc::key_unavailable)), "temperror");
  EXPECT_EQ(to_string(word_of(errc::no_key)), "permerror");
  EXPECT_EQ(to_string(word_of(errc::body_changed)), "fail");
  EXPECT_EQ(to_string(word_of(errc::key_too_weak)), "policy");
}

} // namespace
} // namespace stagepost::mailauth::dkim
