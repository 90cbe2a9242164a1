#include "protocols/smtp_client/reply.hpp"

#include "protocols/base/text.hpp"

#include <gtest/gtest.h>

namespace stagepost::smtp_client {
namespace {

std::optional<remote_reply> read(bytes_view input) {
  reply_reader reader;
  return reader.feed(input);
}

TEST(SmtpClientReply, ReadsCodeStatusAndText) {
  const auto reply = read("550 5.1.1 No such user\r\n");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, 550);
  EXPECT_EQ(reply->status, (status_code{5, 1, 1}));
  EXPECT_EQ(reply->text, "No such user");
}

TEST(SmtpClientReply, JoinsLinesAndLeavesTheRest) {
  bytes_view input = "250-one\r\n250-2.0.0 two\r\n250\r\n354 next";
  reply_reader reader;
  const auto reply = reader.feed(input);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->text, "one\ntwo\n");
  EXPECT_EQ(input, "354 next");
  EXPECT_FALSE(reader.feed(input));
  EXPECT_TRUE(reader.within_reply());
}

TEST(SmtpClientReply, TakesAStatusThatContradictsTheCodeForText) {
  const auto reply = read("250 5.1.1 really?\r\n");
  EXPECT_FALSE(reply->status);
  EXPECT_EQ(reply->text, "5.1.1 really?");
}

TEST(SmtpClientReply, LetsNothingThroughThatEndsALineOrIsNoText) {
  EXPECT_EQ(read("250 a\rb\x1b[31m\r\n")->text, "a b [31m");
  EXPECT_EQ(read(std::string("250 a\0b\xff\r\n", 10))->text, "a b?");
  EXPECT_EQ(read("250 gr\xc3\xbc\xc3\x9f\r\n")->text, "gr\xc3\xbc\xc3\x9f");
}

TEST(SmtpClientReply, RefusesWhatIsNoReply) {
  for (const std::string_view line : {"hello\r\n", "25 ok\r\n", "150 go\r\n", "650 no\r\n", "2500 ok\r\n",
                                      "250:ok\r\n", "\r\n", "250-a\r\n251 b\r\n"}) {
    reply_reader reader;
    auto input = line;
    EXPECT_FALSE(reader.feed(input)) << line;
    EXPECT_EQ(reader.fault(), reply_fault::not_a_reply) << line;
  }
}

TEST(SmtpClientReply, KeepsABoundedText) {
  reply_reader reader;
  const auto line = "250-" + std::string(1000, 'x') + "\r\n";
  for (int i = 0; i < 200; ++i) {
    bytes_view input = line;
    EXPECT_FALSE(reader.feed(input));
  }
  bytes_view input = "250 end\r\n";
  const auto reply = reader.feed(input);
  ASSERT_TRUE(reply);
  EXPECT_LE(reply->text.size(), max_reply_text_octets);
}

} // namespace
} // namespace stagepost::smtp_client
