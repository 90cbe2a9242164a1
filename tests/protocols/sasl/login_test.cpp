#include "protocols/sasl/login.hpp"

#include <gtest/gtest.h>

namespace stagepost::sasl {
namespace {

TEST(SaslLogin, AsksForUserThenPassword) {
  const auto machine = make_login();
  const auto first = machine->start(std::nullopt);
  ASSERT_TRUE(std::holds_alternative<challenge>(first));
  EXPECT_EQ(std::get<challenge>(first).text, "Username:");
  const auto second = machine->feed("bob@example.test");
  ASSERT_TRUE(std::holds_alternative<challenge>(second));
  EXPECT_EQ(std::get<challenge>(second).text, "Password:");
  const auto asked = machine->feed("secret");
  ASSERT_TRUE(std::holds_alternative<verify_password>(asked));
  EXPECT_EQ(std::get<verify_password>(asked).user, "bob@example.test");
  EXPECT_EQ(std::get<verify_password>(asked).password, "secret");
  const auto over = machine->on_login(login_outcome::accepted);
  ASSERT_TRUE(std::holds_alternative<finished>(over));
  EXPECT_EQ(std::get<finished>(over).user, "bob@example.test");
}

TEST(SaslLogin, TakesAnInitialResponseAsTheUser) {
  const auto asked = make_login()->start("bob");
  ASSERT_TRUE(std::holds_alternative<challenge>(asked));
  EXPECT_EQ(std::get<challenge>(asked).text, "Password:");
}

TEST(SaslLogin, AsksForTheUserAfterAnEmptyInitialResponse) {
  const auto asked = make_login()->start("");
  ASSERT_TRUE(std::holds_alternative<challenge>(asked));
  EXPECT_EQ(std::get<challenge>(asked).text, "Username:");
}

TEST(SaslLogin, RefusesEmptyAnswers) {
  const auto machine = make_login();
  machine->start(std::nullopt);
  EXPECT_TRUE(std::holds_alternative<malformed>(machine->feed("")));
  const auto other = make_login();
  other->start("bob");
  EXPECT_TRUE(std::holds_alternative<malformed>(other->feed("")));
}

} // namespace
} // namespace stagepost::sasl
