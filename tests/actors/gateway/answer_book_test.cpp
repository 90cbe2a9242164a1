#include "actors/gateway/answer_book.hpp"

#include <gtest/gtest.h>

namespace stagepost::gateway {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class AnswerBook : public ::testing::Test {
protected:
  answer_book book{{3, hours(1), minutes(10), hours(24)}};
  answer_book::steady now = std::chrono::steady_clock::now();
};

TEST_F(AnswerBook, AsksAnewSoonerForWhatWasNotThere) {
  book.put("yes", true, now);
  book.put("no", false, now);
  EXPECT_EQ(book.fresh("yes", now + minutes(59)), true);
  EXPECT_EQ(book.fresh("yes", now + minutes(61)), std::nullopt);
  EXPECT_EQ(book.fresh("no", now + minutes(9)), false);
  EXPECT_EQ(book.fresh("no", now + minutes(11)), std::nullopt);
  EXPECT_EQ(book.fresh("never asked", now), std::nullopt);
}

TEST_F(AnswerBook, KnowsForLongerWhatWasAnsweredLast) {
  book.put("no", false, now);
  EXPECT_EQ(book.known("no", now + hours(23), hours(100)), false);
  EXPECT_EQ(book.known("no", now + hours(25), hours(100)), std::nullopt);
  EXPECT_EQ(book.known("no", now + hours(2), hours(1)), std::nullopt);
  book.put("no", true, now + hours(1));
  EXPECT_EQ(book.known("no", now + hours(2), hours(100)), true);
}

TEST_F(AnswerBook, ForgetsTheOldestWhenItIsFull) {
  for (const auto* each : {"a", "b", "c"}) book.put(each, true, now);
  book.put("a", true, now + seconds(1)); // the youngest now
  book.put("d", true, now + seconds(2));
  EXPECT_EQ(book.size(), 3u);
  EXPECT_FALSE(book.fresh("b", now + seconds(2)));
  EXPECT_TRUE(book.fresh("a", now + seconds(2)));
  EXPECT_TRUE(book.fresh("d", now + seconds(2)));
}

TEST_F(AnswerBook, StaysSmallHoweverOftenTheSameIsAnswered) {
  for (int i = 0; i < 100000; ++i) book.put(i % 2 == 0 ? "a" : "b", true, now);
  EXPECT_EQ(book.size(), 2u);
  EXPECT_TRUE(book.fresh("a", now));
  EXPECT_TRUE(book.fresh("b", now));
  book.clear();
  EXPECT_EQ(book.size(), 0u);
}

} // namespace
} // namespace stagepost::gateway
