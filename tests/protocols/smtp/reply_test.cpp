#include "protocols/smtp/reply.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace stagepost::smtp {
namespace {

TEST(SmtpReply, HasACodeAndAnEnhancedCodeOfTheSameClass) {
  for (size_t i = 0; i < reply_kinds; ++i) {
    const auto& line = line_of(reply_kind(i));
    EXPECT_GE(line.code, 200) << line.text;
    EXPECT_LE(line.code, 559) << line.text;
    EXPECT_FALSE(line.text.empty());
    if (line.code / 100 == 3) {
      EXPECT_EQ(line.enhanced, "") << line.text; // RFC 2034 4
      continue;
    }
    ASSERT_FALSE(line.enhanced.empty()) << line.text;
    EXPECT_EQ(line.enhanced[0] - '0', line.code / 100) << line.text;
    EXPECT_EQ(std::count(line.enhanced.begin(), line.enhanced.end(), '.'), 2) << line.text;
  }
}

TEST(SmtpReply, IsALineOfTheStandardsLength) {
  for (size_t i = 0; i < reply_kinds; ++i) {
    const auto text = reply_text(reply_kind(i));
    EXPECT_TRUE(text.ends_with("\r\n"));
    EXPECT_LE(text.size(), 512u); // RFC 5321 4.5.3.1.5
    EXPECT_EQ(text.find_first_of("\r\n"), text.size() - 2);
  }
}

TEST(SmtpReply, PutsTheDetailBehindTheText) {
  EXPECT_EQ(reply_text(reply_kind::okay, "queued as Q1"), "250 2.0.0 OK queued as Q1\r\n");
  EXPECT_EQ(reply_text(reply_kind::send_content), "354 Send the message, end with <CRLF>.<CRLF>\r\n");
}

TEST(SmtpReply, TellsEachVerdictByItsCodes) {
  const std::pair<verdict, const char*> expected[] = {{verdict::unknown_user, "550 5.1.1"},
                                                      {verdict::unknown_domain_here, "550 5.7.1"},
                                                      {verdict::authentication_required, "530 5.7.0"},
                                                      {verdict::over_quota_temporary, "452 4.2.2"},
                                                      {verdict::over_quota_permanent, "552 5.2.2"},
                                                      {verdict::mailbox_disabled, "550 5.2.1"},
                                                      {verdict::sender_not_owned, "553 5.7.1"},
                                                      {verdict::refused_by_policy, "550 5.7.1"},
                                                      {verdict::sender_blocked, "550 5.7.1"},
                                                      {verdict::throttled, "450 4.7.1"},
                                                      {verdict::message_too_large, "552 5.3.4"},
                                                      {verdict::too_many_recipients, "452 4.5.3"},
                                                      {verdict::loop_detected, "554 5.4.6"},
                                                      {verdict::out_of_space, "452 4.3.1"},
                                                      {verdict::temporary_failure, "451 4.3.0"}};
  for (const auto& [given, codes] : expected)
    EXPECT_TRUE(reply_text(refusal_of(given)).starts_with(codes)) << codes;
}

} // namespace
} // namespace stagepost::smtp
