#include "admin/http/request_rate.hpp"

#include <gtest/gtest.h>

namespace stagepost::http {
namespace {

using std::chrono::milliseconds;

TEST(RequestRate, LetsSomeComeAtOnceAndThenAsManyAsTheTimeAllows) {
  request_rate rate(10, 3);
  const request_rate::time_point start(std::chrono::hours(1));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(rate.take(start));
  EXPECT_FALSE(rate.take(start));
  EXPECT_FALSE(rate.take(start + milliseconds(90)));
  EXPECT_TRUE(rate.take(start + milliseconds(101)));
  EXPECT_FALSE(rate.take(start + milliseconds(102)));
}

TEST(RequestRate, SavesUpNoMoreThanItMay) {
  request_rate rate(10, 3);
  const request_rate::time_point start(std::chrono::hours(1)), later = start + std::chrono::hours(1);
  EXPECT_TRUE(rate.take(start));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(rate.take(later));
  EXPECT_FALSE(rate.take(later));
}

} // namespace
} // namespace stagepost::http
