#include "protocols/sasl/external.hpp"

#include <gtest/gtest.h>

namespace stagepost::sasl {
namespace {

finish_login asked(std::optional<bytes> response, std::vector<std::string> names) {
  const auto machine = make_external(std::move(names));
  const auto step = machine->start(std::move(response));
  EXPECT_TRUE(std::holds_alternative<finish_login>(step));
  return std::get<finish_login>(step);
}

TEST(SaslExternal, IsTheFirstNameOfTheCertificateUnlessAnotherIsAskedFor) {
  const auto first = asked(bytes{}, {"joe@example.test", "post@example.test"});
  EXPECT_EQ(first.user, "joe@example.test");
  EXPECT_EQ(first.authorize_as, "");
  EXPECT_TRUE(first.proof_right);
  const auto other = asked("Post@Example.test", {"joe@example.test", "post@example.test"});
  EXPECT_EQ(other.user, "post@example.test");
  EXPECT_TRUE(other.proof_right);
}

TEST(SaslExternal, WhoWantsToBeAnotherFails) {
  const auto other = asked("ann@example.test", {"joe@example.test"});
  EXPECT_EQ(other.user, "ann@example.test");
  EXPECT_FALSE(other.proof_right);
}

TEST(SaslExternal, AsksForTheNameWhenThereWasNoInitialResponse) {
  const auto machine = make_external({"joe@example.test"});
  const auto first = machine->start(std::nullopt);
  ASSERT_TRUE(std::holds_alternative<challenge>(first));
  EXPECT_EQ(std::get<challenge>(first).text, "");
  EXPECT_TRUE(std::holds_alternative<finish_login>(machine->feed("")));
  EXPECT_TRUE(std::holds_alternative<malformed>(machine->feed("")));
  const auto end = machine->on_login(login_outcome::accepted);
  ASSERT_TRUE(std::holds_alternative<finished>(end));
  EXPECT_EQ(std::get<finished>(end).user, "joe@example.test");
}

TEST(SaslExternal, RefusesWhatIsNoName) {
  EXPECT_TRUE(
      std::holds_alternative<malformed>(make_external({"joe@example.test"})->start(bytes("a\0b", 3))));
  EXPECT_TRUE(
      std::holds_alternative<malformed>(make_external({"joe@example.test"})->start(bytes(2000, 'a'))));
}

} // namespace
} // namespace stagepost::sasl
