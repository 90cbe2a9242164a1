#include "protocols/search/words.hpp"

#include "protocols/mime/charset.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace stagepost::search {
namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> all;
  for_each_word(text, [&](std::string_view word) {
    all.emplace_back(word);
    return true;
  });
  return all;
}

using words = std::vector<std::string>;

TEST(Words, PartAtSpacesAndPunctuation) {
  EXPECT_EQ(words_of("dear bob,\r\n(how) are_you?  x=1&y:2"),
            (words{"dear", "bob", "how", "are_you", "x", "1", "y", "2"}));
  EXPECT_EQ(words_of(""), words{});
  EXPECT_EQ(words_of(" .-- "), words{});
}

TEST(Words, KeepAddressesAndHostsWhole) {
  EXPECT_EQ(words_of("<bob.smith@mail.example.com>. it's state-of-the-art"),
            (words{"bob.smith@mail.example.com", "it's", "state-of-the-art"}));
}

TEST(Words, EndWhereJoinersAreNotAlone) {
  EXPECT_EQ(words_of("a--b c. d-.e .f g@"), (words{"a", "b", "c", "d", "e", "f", "g"}));
}

TEST(Words, TakeLettersOfAllScripts) {
  EXPECT_EQ(words_of(mime::search_key("Grüße “Привет”—naïve")), (words{"grüsse", "привет", "naïve"}));
}

TEST(Words, ComeInPairsWhereThereAreNoSpaces) {
  EXPECT_EQ(words_of("山川海abc東。京"), (words{"山川", "川海", "abc", "東", "京"}));
}

TEST(Words, OverlapWhereTheyAreLong) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "ab" + std::to_string(i) + "ü";
  const auto pieces = words_of(text);
  EXPECT_GT(pieces.size(), 5u);
  for (const auto& piece : pieces) EXPECT_LE(piece.size(), longest_word + 8);
  for (size_t at = 0; at + overlap <= text.size(); ++at) {
    const auto needle = text.substr(at, overlap);
    if ((uint8_t(needle[0]) & 0xc0) == 0x80) continue;
    bool found = false;
    for (const auto& piece : pieces) found = found || piece.find(needle) != piece.npos;
    EXPECT_TRUE(found) << needle;
  }
}

TEST(Words, StopWhenNobodyWantsMore) {
  int seen = 0;
  for_each_word("a b c", [&](std::string_view) { return ++seen < 2; });
  EXPECT_EQ(seen, 2);
}

} // namespace
} // namespace stagepost::search
