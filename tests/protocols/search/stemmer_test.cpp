#include "protocols/search/stemmer.hpp"

#include "protocols/base/languages.hpp"
#include "protocols/search/message_text.hpp"

#include <gtest/gtest.h>

namespace stagepost::search {
namespace {

TEST(Stemmer, TakesTheEndingsOffWords) {
  stemmer english("en");
  for (const char* each : {"connect", "connected", "connecting", "connection", "connections"})
    EXPECT_EQ(english.stem_of(each), "connect");
  EXPECT_EQ(english.stem_of("invoices"), english.stem_of("invoiced"));
  EXPECT_NE(english.stem_of("invoices"), english.stem_of("invitations"));
}

TEST(Stemmer, KnowsFoldedWordsOfOtherAlphabets) {
  stemmer german("de"), russian("ru");
  EXPECT_EQ(german.stem_of(folded("Häuser")), german.stem_of(folded("haus")));
  EXPECT_EQ(russian.stem_of(folded("встречи")), russian.stem_of(folded("ВСТРЕЧА")));
}

TEST(Stemmer, LeavesWordsOfUnknownLanguagesAlone) {
  EXPECT_EQ(stemmer("xx").stem_of("connections"), "connections");
  EXPECT_EQ(stemmer("").stem_of("connections"), "connections");
}

TEST(Stemmer, KnowsAllLanguagesThatMayBeSet) {
  for (const auto language : stemmed_languages) {
    EXPECT_TRUE(is_stemmed_language(language));
    EXPECT_FALSE(stemmer(language).stem_of("a").empty()) << language;
  }
  EXPECT_FALSE(is_stemmed_language("english"));
  EXPECT_FALSE(is_stemmed_language(""));
}

} // namespace
} // namespace stagepost::search
