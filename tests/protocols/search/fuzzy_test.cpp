#include "protocols/search/fuzzy.hpp"

#include "protocols/search/message_text.hpp"
#include "protocols/search/words.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace stagepost::search {
namespace {

/// The score of a text.
int score(std::string_view needle, std::string_view text, unsigned percent = 100,
          std::string_view languages = "en de") {
  fuzzy_needle wanted(folded(needle), languages);
  fuzzy_grades grades(wanted);
  grades.take(folded(text), percent);
  return grades.score();
}

TEST(Fuzzy, FindsWordsByTheirStems) {
  EXPECT_EQ(score("meetings", "a meeting at noon"), 75);
  EXPECT_EQ(score("happiness", "Happy birthday"), 75);
  EXPECT_EQ(score("cries", "cry"), 75);
  EXPECT_EQ(score("Rechnungen", "Ihre Rechnung"), 75);
  EXPECT_EQ(score("Haus", "zwei Häuser"), 75);
  EXPECT_EQ(score("Häuser", "ein Haus"), 75);
  EXPECT_EQ(score("meetings", "a meeting", 100, ""), 0) << "no language";
  EXPECT_EQ(score("встречи", "встреча", 100, "ru"), 75);
  EXPECT_EQ(score("meetings", "nothing of it"), 0);
}

TEST(Fuzzy, PrefersTheWordItself) {
  EXPECT_EQ(score("meeting", "meetings and one meeting"), 100);
  EXPECT_EQ(score("meeting", "MEETING"), 100);
  EXPECT_EQ(score("meeting", "the meeting", 60), 60);
}

TEST(Fuzzy, TakesLettersWithAndWithoutMarks) {
  EXPECT_EQ(score("koln", "Grüße aus Köln"), 75);
  EXPECT_EQ(score("Köln", "koln"), 75);
  EXPECT_EQ(score("muller", "Müller", 100, ""), 75);
  EXPECT_EQ(score("strasse", "Straße"), 100) << "folded alike";
}

TEST(Fuzzy, FindsWhatAWordBegins) {
  EXPECT_EQ(score("confe", "the conference"), 50);
  EXPECT_EQ(score("erence", "the conference"), 0);
  EXPECT_EQ(score("co", "the conference"), 0) << "too short to say anything";
  EXPECT_EQ(score("co", "co"), 100);
}

TEST(Fuzzy, FindsPartsOfAddressesAndOfJoinedWords) {
  EXPECT_EQ(score("alice", "alice@example.com"), 90);
  EXPECT_EQ(score("example", "alice@example.com"), 90);
  EXPECT_EQ(score("example.com", "alice@example.com"), 90);
  EXPECT_EQ(score("meetings", "alice@meeting.example"), 68);
  EXPECT_EQ(score("alice@example.com", "Alice <alice@example.com>"), 100);
}

TEST(Fuzzy, WantsAllWordsInAnyOrder) {
  EXPECT_EQ(score("imap break", "IMAP is breaking"), 87);
  EXPECT_EQ(score("break imap", "IMAP is breaking"), 87);
  EXPECT_EQ(score("imap break", "IMAP works"), 0);
  EXPECT_EQ(score("to be a printer", "a printer"), 100) << "short words say nothing beside longer ones";
  EXPECT_EQ(score("to be", "to"), 0) << "unless there is no other";
}

TEST(Fuzzy, KnowsScriptsWithoutSpaces) {
  EXPECT_EQ(score("東京", "私は東京へ行く"), 100);
  EXPECT_EQ(score("行", "私は東京へ行"), 50);
  EXPECT_EQ(score("大阪", "私は東京へ行く"), 0);
}

TEST(Fuzzy, CountsSoManyWords) {
  std::string many;
  for (int i = 0; i < 100; ++i) (many += "word") += std::to_string(i) + " ";
  EXPECT_EQ(fuzzy_needle(many, "en").size(), max_fuzzy_words);
  EXPECT_EQ(fuzzy_needle("same same same", "en").size(), 1u);
  EXPECT_EQ(fuzzy_needle("-- !", "en").size(), 0u);
  EXPECT_EQ(fuzzy_needle("", "en").size(), 0u);
}

TEST(Fuzzy, LooksAtSoMuchOfAText) {
  std::string text = "first ";
  while (text.size() < max_fuzzy_text) text += "filler ";
  EXPECT_EQ(score("first", text + "last"), 100);
  EXPECT_EQ(score("last", text + "last"), 0);
}

TEST(Fuzzy, LooksCloselyAtSoManyWords) {
  std::string text = "meeting ";
  for (size_t i = 0; i < max_closer_looks; ++i) (text += "meetin") += std::to_string(i) + " ";
  EXPECT_EQ(score("meetings", text), 75);
  EXPECT_EQ(score("meetings", text.substr(8) + "meeting"), 0);
  EXPECT_EQ(score("meetings", text.substr(8) + "meetings"), 100) << "the word itself is found in any case";
  fuzzy_needle needle("meetings", "en");
  fuzzy_grades(needle).take(text, 100);
  fuzzy_grades next(needle);
  next.take("a meeting", 100);
  EXPECT_EQ(next.score(), 75) << "each message begins anew";
}

TEST(Fuzzy, ItsHintIsInAllThatHasAGrade) {
  const std::vector<std::string> words = {"Häuser",  "haus",   "hauser",   "happy",  "happiness", "cries",
                                          "cry",     "2026er", "2026",     "Ärzte",  "arzt",      "встреча",
                                          "встречи", "東京",   "a@b.haus", "öffnen", "offen",     "offnen"};
  for (const auto& one : words) {
    fuzzy_needle needle(folded(one), "en de ru ar");
    for (size_t i = 0; i < needle.size(); ++i)
      for (const auto& other : words)
        for_each_word(folded(other), [&](std::string_view word) {
          const std::string& hint = needle.hint(i);
          const bool says_nothing = hint == std::string(1, '\0');
          EXPECT_TRUE(says_nothing || needle.grade(i, word) == 0 || word.find(hint) != word.npos)
              << one << " " << other;
          return true;
        });
  }
}

} // namespace
} // namespace stagepost::search
