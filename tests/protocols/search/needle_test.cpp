#include "protocols/search/needle.hpp"

#include "protocols/search/words.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace stagepost::search {
namespace {

using patterns = std::vector<word_pattern>;

TEST(Needle, IsExactWhenItIsOneWord) {
  EXPECT_EQ(plan_needle("invoice").patterns, (patterns{{"invoice"}}));
  EXPECT_TRUE(plan_needle("invoice").exact);
  EXPECT_TRUE(plan_needle("bob@example.com").exact);
  EXPECT_TRUE(plan_needle("山川").exact);
  EXPECT_TRUE(plan_needle("山").exact);
  EXPECT_FALSE(plan_needle("山川海").exact);
  EXPECT_FALSE(plan_needle("x-").exact);
  EXPECT_FALSE(plan_needle(" x").exact);
  EXPECT_FALSE(plan_needle("abc山").exact);
  EXPECT_FALSE(plan_needle(std::string(overlap + 1, 'a')).exact);
}

TEST(Needle, OfSeveralWordsSaysHowTheyBeginAndEnd) {
  EXPECT_EQ(plan_needle("ello world how").patterns,
            (patterns{{"world", true, true}, {"ello", false, true}, {"how", true, false}}));
  EXPECT_EQ(plan_needle("-foo.").patterns, (patterns{{"foo"}}));
  EXPECT_EQ(plan_needle("(foo)").patterns, (patterns{{"foo", true, true}}));
}

TEST(Needle, OfNoWordsSaysNothing) {
  EXPECT_TRUE(plan_needle("").patterns.empty());
  EXPECT_TRUE(plan_needle(" -- ?").patterns.empty());
}

bool fits(std::string_view word, const word_pattern& pattern) {
  const std::string_view text = pattern.text;
  if (pattern.at_start && pattern.at_end) return word == text;
  if (pattern.at_start) return word.starts_with(text);
  if (pattern.at_end) return word.ends_with(text);
  return word.find(text) != word.npos;
}

/// The promise the index stands on, for random texts of few characters, so that all cases come up.
TEST(Needle, NeverMissesATextThatContainsIt) {
  std::mt19937 random(7);
  const std::vector<std::string> characters = {"a", "b", "c",  ".",  "-", "@", " ", "\n",
                                               ",", "é", "山", "川", "”", "1", "ж", "'"};
  const auto text_of = [&](size_t size, size_t kinds) {
    std::string text;
    for (size_t i = 0; i < size; ++i) text += characters[random() % kinds];
    return text;
  };
  size_t contained = 0, exact = 0;
  for (int round = 0; round < 60'000; ++round) {
    const size_t kinds = round % 3 == 0 ? 6 : round % 3 == 1 ? 3 : characters.size();
    const auto text = text_of(random() % 150, kinds);
    auto needle = text_of(1 + random() % 6, kinds);
    if (random() % 2) {
      size_t begin = text.empty() ? 0 : random() % text.size();
      size_t end = std::min(text.size(), begin + 1 + random() % 50);
      while (begin < text.size() && (uint8_t(text[begin]) & 0xc0) == 0x80) ++begin;
      while (end < text.size() && (uint8_t(text[end]) & 0xc0) == 0x80) ++end;
      if (begin < end) needle = text.substr(begin, end - begin);
    }
    const auto plan = plan_needle(needle);
    const bool all = std::all_of(plan.patterns.begin(), plan.patterns.end(), [&](const auto& pattern) {
      bool found = false;
      for_each_word(text, [&](std::string_view word) { return !(found = fits(word, pattern)); });
      return found;
    });
    const bool there = text.find(needle) != text.npos;
    contained += there;
    exact += plan.exact;
    if (there) {
      ASSERT_TRUE(all) << "'" << needle << "' in '" << text << "'";
    }
    if (plan.exact) {
      ASSERT_EQ(all, there) << "'" << needle << "' in '" << text << "'";
    }
  }
  EXPECT_GT(contained, 10'000u);
  EXPECT_GT(exact, 5'000u);
}

} // namespace
} // namespace stagepost::search
