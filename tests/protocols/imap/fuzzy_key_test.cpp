#include "protocols/imap/commands/fuzzy_key.hpp"

#include "protocols/search/fuzzy.hpp"
#include "tests/protocols/imap/logged_in.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

search_key key_of(search_kind kind, const char* text, bool fuzzy) {
  search_key key;
  key.kind = kind;
  key.text = text;
  key.fuzzy = fuzzy;
  return key;
}

TEST(ImapFuzzyKey, IsAboutTextsThatHaveWords) {
  search_key all;
  all.kind = search_kind::all_of;
  all.children = {key_of(search_kind::subject, "word", true), key_of(search_kind::subject, "word", false),
                  key_of(search_kind::body, "--", true), key_of(search_kind::keyword, "word", true)};
  sharpen(all, "en");
  EXPECT_NE(all.children[0].needle, nullptr);
  EXPECT_EQ(all.children[1].needle, nullptr) << "not below FUZZY";
  EXPECT_EQ(all.children[2].needle, nullptr) << "no word";
  EXPECT_EQ(all.children[3].needle, nullptr) << "no text";
}

TEST(ImapFuzzyKey, KnowsTheScoresOfAnIndex) {
  search_hits hits;
  hits.scores = {{2, 4, 75}, {5, 5, 100}, {9, 9, 50}};
  EXPECT_EQ(score_of(hits, uid{1}), no_score);
  EXPECT_EQ(score_of(hits, uid{2}), 75);
  EXPECT_EQ(score_of(hits, uid{4}), 75);
  EXPECT_EQ(score_of(hits, uid{5}), 100);
  EXPECT_EQ(score_of(hits, uid{7}), no_score);
  EXPECT_EQ(score_of(hits, uid{9}), 50);
  EXPECT_EQ(score_of(hits, uid{10}), no_score);
}

TEST(ImapFuzzyKey, TakesTheMeanOfAndAndTheBestOfOr) {
  logged_in with;
  with.account.deliver("INBOX", "From: fred@example.com\r\nSubject: the meeting\r\n\r\nbody\r\n", instant{});
  with.say("n NOOP\r\n");
  const auto relevancy = [&](const std::string& keys) {
    const auto said = with.say("c SEARCH RETURN (RELEVANCY) " + keys + "\r\n");
    const std::string name = "RELEVANCY (";
    const auto begin = said.find(name);
    return begin == said.npos ? std::string()
                              : said.substr(begin + name.size(), said.find(')', begin) - begin - name.size());
  };
  EXPECT_EQ(relevancy("FUZZY (SUBJECT meetings FROM fred)"), "82") << "75 and 90";
  EXPECT_EQ(relevancy("FUZZY OR SUBJECT meetings FROM fred"), "90");
  EXPECT_EQ(relevancy("FUZZY SUBJECT meetings FROM fred"), "75") << "one of them says how well";
  EXPECT_EQ(relevancy("FUZZY SUBJECT meetings NOT FUZZY FROM joe"), "75");
  EXPECT_EQ(relevancy("FUZZY OR SUBJECT absent FROM fred"), "90");
  EXPECT_EQ(relevancy("FUZZY UNSEEN"), "100");
  EXPECT_EQ(relevancy("FUZZY (SUBJECT meetings FROM joe)"), "");
}

TEST(ImapFuzzyKey, TakesSoManyTexts) {
  logged_in with;
  std::string keys = "c SEARCH BODY other FUZZY (BODY word";
  for (size_t i = 1; i < max_fuzzy_texts; ++i) keys += " BODY word";
  EXPECT_EQ(with.say(keys + ")\r\n"), "* SEARCH\r\nc OK SEARCH completed\r\n");
  EXPECT_NE(with.say(keys + " BODY word)\r\n").find("too many texts below FUZZY"), std::string::npos);
}

TEST(ImapFuzzyKey, CountsForTextWhetherTheSubjectHasTheWord) {
  EXPECT_EQ(weights_of(search_kind::subject).elsewhere, 100u);
  EXPECT_EQ(weights_of(search_kind::text).subject, 100u);
  EXPECT_EQ(weights_of(search_kind::text).elsewhere, search::percent_beside_subject);
}

} // namespace
} // namespace stagepost::imap
