#include "actors/resolver/answer_cache.hpp"

#include <gtest/gtest.h>

namespace stagepost::resolver {
namespace {

using std::chrono::seconds;

const answer_cache::instant start{seconds(1000)};
const cache_limits limits{1 << 20, seconds(600), seconds(60)};
const dns::question asked{dns::record_type::txt, "example.org"};

dns::answer text(const std::string& what, seconds ttl) {
  dns::answer said;
  said.outcome = dns::outcome::found;
  said.ttl = ttl;
  said.texts = {what};
  return said;
}

TEST(AnswerCache, KeepsAnAnswerAsLongAsItsTtlAndSaysWhatIsLeft) {
  answer_cache cache;
  cache.put(asked, text("hello", seconds(30)), start, limits);
  const auto kept = cache.find(asked, start + seconds(29));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->texts.front(), "hello");
  EXPECT_EQ(kept->ttl, seconds(1));
  EXPECT_FALSE(cache.find({dns::record_type::a, asked.name}, start));
  EXPECT_FALSE(cache.find(asked, start + seconds(30)));
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(AnswerCache, KeepsNothingLongerThanItMay) {
  answer_cache cache;
  cache.put(asked, text("hello", seconds(100000)), start, limits);
  EXPECT_TRUE(cache.find(asked, start + seconds(599)));
  EXPECT_FALSE(cache.find(asked, start + seconds(600)));
  for (const auto said : {dns::outcome::no_data, dns::outcome::no_such_name}) {
    dns::answer none;
    none.outcome = said;
    none.ttl = seconds(100000);
    cache.put(asked, none, start, limits);
    ASSERT_TRUE(cache.find(asked, start + seconds(59)));
    EXPECT_EQ(cache.find(asked, start + seconds(59))->outcome, said);
    EXPECT_FALSE(cache.find(asked, start + seconds(60)));
  }
}

TEST(AnswerCache, KeepsNeitherFailuresNorWhatHasNoTtl) {
  answer_cache cache;
  cache.put(asked, text("hello", seconds(0)), start, limits);
  dns::answer failed;
  failed.ttl = seconds(60);
  cache.put(asked, failed, start, limits);
  EXPECT_EQ(cache.size(), 0u);
}

TEST(AnswerCache, ANewAnswerTakesThePlaceOfTheOld) {
  answer_cache cache;
  cache.put(asked, text("old", seconds(60)), start, limits);
  cache.put(asked, text("new", seconds(60)), start, limits);
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(cache.find(asked, start)->texts.front(), "new");
}

TEST(AnswerCache, WithoutRoomWhatWasUsedLeastLatelyGoes) {
  answer_cache cache;
  const cache_limits small{20000, seconds(600), seconds(60)};
  const auto question = [](int i) {
    return dns::question{dns::record_type::txt, std::to_string(i) + ".example"};
  };
  cache.put(question(0), text(std::string(1000, 'x'), seconds(60)), start, small);
  for (int i = 1; i < 100; ++i) {
    cache.put(question(i), text(std::string(1000, 'x'), seconds(60)), start, small);
    EXPECT_TRUE(cache.find(question(0), start)) << "used all the time, gone after " << i;
    EXPECT_LE(cache.bytes(), small.bytes);
  }
  EXPECT_GT(cache.size(), 10u);
  EXPECT_FALSE(cache.find(question(1), start));
  EXPECT_TRUE(cache.find(question(99), start));
  // What would need all of it has no place in it.
  cache.put(question(100), text(std::string(30000, 'x'), seconds(60)), start, small);
  EXPECT_FALSE(cache.find(question(100), start));
  EXPECT_TRUE(cache.find(question(99), start));
}

} // namespace
} // namespace stagepost::resolver
