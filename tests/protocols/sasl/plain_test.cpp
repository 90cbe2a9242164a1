#include "protocols/sasl/plain.hpp"

#include <gtest/gtest.h>

namespace stagepost::sasl {
namespace {

using namespace std::string_literals;

TEST(SaslPlain, AsksForTheMessageWhenThereWasNoInitialResponse) {
  const auto machine = make_plain();
  const auto first = machine->start(std::nullopt);
  ASSERT_TRUE(std::holds_alternative<challenge>(first));
  EXPECT_EQ(std::get<challenge>(first).text, "");
  EXPECT_TRUE(std::holds_alternative<verify_password>(machine->feed("\0tim\0secret"s)));
}

TEST(SaslPlain, TakesUserPasswordAndAuthorizationIdentity) {
  const auto asked = make_plain()->start("Ursel\0Kurt\0xipj3plmq"s); // RFC 4616 4
  ASSERT_TRUE(std::holds_alternative<verify_password>(asked));
  const auto& question = std::get<verify_password>(asked);
  EXPECT_EQ(question.user, "Kurt");
  EXPECT_EQ(question.password, "xipj3plmq");
  EXPECT_EQ(question.authorize_as, "Ursel");
}

TEST(SaslPlain, LeavesTheAuthorizationIdentityEmptyWhenItIsTheUser) {
  const auto asked = make_plain()->start("tim\0tim\0secret"s);
  ASSERT_TRUE(std::holds_alternative<verify_password>(asked));
  EXPECT_EQ(std::get<verify_password>(asked).authorize_as, "");
}

TEST(SaslPlain, PassesTheOutcomeOn) {
  const auto machine = make_plain();
  machine->start("\0tim\0secret"s);
  const auto over = machine->on_login(login_outcome::not_permitted);
  ASSERT_TRUE(std::holds_alternative<finished>(over));
  EXPECT_EQ(std::get<finished>(over).outcome, login_outcome::not_permitted);
  EXPECT_EQ(std::get<finished>(over).user, "tim");
  EXPECT_EQ(std::get<finished>(over).last_words, "");
}

class RefusedPlainMessage : public testing::TestWithParam<std::string> {};

TEST_P(RefusedPlainMessage, IsMalformed) {
  EXPECT_TRUE(std::holds_alternative<malformed>(make_plain()->start(GetParam())));
}

INSTANTIATE_TEST_SUITE_P(SaslPlain, RefusedPlainMessage,
                         testing::Values(""s, "tim"s, "\0tim"s, "\0tim\0"s, "\0\0secret"s, "\0tim\0sec\0ret"s,
                                         "\0t\x01m\0secret"s, "\0tim\0secret\n"s, "\0t\xff\0secret"s,
                                         "\0t\xc2\x85\0secret"s, "\x7f\0tim\0secret"s,
                                         "\0"s + std::string(1025, 'a') + "\0secret"s));

TEST(SaslPlain, AsksOnlyOnce) {
  const auto machine = make_plain();
  machine->start("\0tim\0secret"s);
  EXPECT_TRUE(std::holds_alternative<malformed>(machine->feed("\0tim\0secret"s)));
}

} // namespace
} // namespace stagepost::sasl
