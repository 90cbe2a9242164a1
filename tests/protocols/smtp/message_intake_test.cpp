#include "protocols/smtp/message_intake.hpp"

#include <gtest/gtest.h>

namespace stagepost::smtp {
namespace {

intake_rules generous() {
  intake_rules rules;
  rules.max_line_bytes = 1 << 20;
  rules.max_header_bytes = 1 << 20;
  rules.max_hop_count = 20;
  return rules;
}

/// What the actions write, "!" for an abort.
bytes written(const actions& done) {
  bytes out;
  for (const auto& one : done) {
    if (const auto* piece = std::get_if<write_body>(&one)) out += piece->content;
    if (std::holds_alternative<abort_message>(one)) out += "!";
  }
  return out;
}

TEST(SmtpMessageIntake, HandsNothingOnBeforeTheHeaderIsWhole) {
  auto rules = generous();
  rules.header.received = "Received: x\r\n";
  message_intake intake(rules);
  actions done;
  intake.feed_octets("A: b\r\n", done);
  EXPECT_TRUE(done.empty());
  intake.feed_octets("\r\nbody", done);
  EXPECT_EQ(intake.finish(done), std::nullopt);
  EXPECT_EQ(written(done), "Received: x\r\nA: b\r\n\r\nbody");
}

TEST(SmtpMessageIntake, TakesAMessageThatIsAllHeader) {
  auto rules = generous();
  rules.header.received = "Received: x\r\n";
  message_intake intake(rules);
  actions done;
  bytes_view input = "A: b\r\n.\r\nNOOP\r\n";
  EXPECT_TRUE(intake.feed_lines(input, done));
  EXPECT_EQ(input, "NOOP\r\n");
  EXPECT_EQ(intake.finish(done), std::nullopt);
  EXPECT_EQ(written(done), "Received: x\r\nA: b\r\n");
}

TEST(SmtpMessageIntake, WritesALargeHeaderInPieces) {
  message_intake intake(generous());
  const bytes header = "A: " + bytes(900'000, 'x') + "\r\n\r\n";
  actions done;
  intake.feed_octets(header, done);
  EXPECT_EQ(intake.finish(done), std::nullopt);
  for (const auto& one : done) EXPECT_LE(std::get<write_body>(one).content.size(), 256u * 1024);
  EXPECT_EQ(written(done), header);
}

TEST(SmtpMessageIntake, AbortsOnceAndKeepsNothingMore) {
  auto rules = generous();
  rules.max_message_size_bytes = 10;
  message_intake intake(rules);
  actions done;
  for (int i = 0; i < 5; ++i) intake.feed_octets("12345678", done);
  EXPECT_EQ(intake.finish(done), reply_kind::message_too_large);
  intake.abandon(done);
  EXPECT_EQ(written(done), "!");
}

TEST(SmtpMessageIntake, GivesTheSameReasonHoweverTheContentIsCut) {
  auto rules = generous();
  rules.max_message_size_bytes = 20;
  rules.max_hop_count = 1;
  const bytes content = "Received: x\r\n\r\nbare\nline and so on\r\n.\r\n";
  for (const size_t step : {size_t(1), size_t(7), content.size()}) {
    message_intake intake(rules);
    actions done;
    for (size_t at = 0; at < content.size(); at += step) {
      auto input = bytes_view(content).substr(at, step);
      intake.feed_lines(input, done);
    }
    EXPECT_EQ(intake.finish(done), reply_kind::bare_newline) << step;
    EXPECT_EQ(written(done), "!");
  }
}

TEST(SmtpMessageIntake, SaysThatAnUnfinishedMessageWillNotCome) {
  message_intake intake(generous());
  actions done;
  intake.abandon(done);
  EXPECT_EQ(written(done), "!");
}

} // namespace
} // namespace stagepost::smtp
