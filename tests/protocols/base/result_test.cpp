#include "protocols/base/result.hpp"

#include <gtest/gtest.h>

namespace stagepost {
namespace {

enum class errc { broken = 1, missing };

basic_result<std::string, errc> half_of(int number) {
  if (number == 0) return errc::missing;
  if (number % 2 != 0) return failure{errc::broken, "odd"};
  return std::to_string(number / 2);
}

TEST(BaseResult, HoldsAValue) {
  const auto half = half_of(4);
  ASSERT_TRUE(half.ok());
  EXPECT_EQ(*half, "2");
  EXPECT_EQ(half->size(), 1u);
}

TEST(BaseResult, HoldsAFailureWithItsDetail) {
  const auto half = half_of(3);
  ASSERT_FALSE(half);
  EXPECT_EQ(half.error().code, errc::broken);
  EXPECT_EQ(half.error().detail, "odd");
}

TEST(BaseResult, HoldsABareCode) {
  const auto half = half_of(0);
  ASSERT_FALSE(half);
  EXPECT_EQ(half.error().code, errc::missing);
  EXPECT_EQ(half.error().detail, "");
}

} // namespace
} // namespace stagepost
