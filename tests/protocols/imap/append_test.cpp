#include "tests/protocols/imap/logged_in.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

bytes long_message(size_t size) {
  bytes message = "Subject: long\r\n\r\n";
  for (size_t i = 0; message.size() < size; ++i) message += "line " + std::to_string(i) + "\r\n";
  message.resize(size);
  return message;
}

TEST(ImapAppend, StreamsAMessageWithoutKeepingIt) {
  logged_in with;
  const bytes message = long_message(3'000'000);
  const bytes command =
      "c APPEND INBOX {" + std::to_string(message.size()) + "+}\r\n" + message + "\r\nd NOOP\r\n";
  for (const size_t at_once : {command.size(), size_t(65'536), size_t(4097)}) {
    std::string told;
    for (size_t at = 0; at < command.size(); at += at_once)
      told += with.say(bytes_view(command).substr(at, at_once));
    EXPECT_NE(told.find("c OK [APPENDUID 100 "), std::string::npos);
    EXPECT_TRUE(told.ends_with("d OK NOOP completed\r\n"));
    EXPECT_EQ(*with.account.mailboxes.at("INBOX").messages.rbegin()->second.content, message);
  }
}

TEST(ImapAppend, TellsTheStoreWhenTheClientGoesAwayInTheMiddle) {
  logged_in with;
  with.say("c APPEND INBOX {100+}\r\nhalf");
  with.client->output.clear();
  with.client->perform(with.client->session().on_timeout());
  EXPECT_EQ(with.client->output, "[abort]\r\n* BYE Disconnected for inactivity\r\n[close]\r\n");
}

TEST(ImapAppend, KeepsFlagsKeywordsAndDate) {
  logged_in with;
  with.say("c APPEND INBOX (\\Answered $Work) \"24-Dec-2025 20:00:00 +0200\" {4+}\r\nmail\r\n");
  const fake_message& kept = with.account.mailboxes.at("INBOX").messages.at(1);
  EXPECT_EQ(kept.flags, flag_answered);
  EXPECT_EQ(kept.keywords, 1u);
  EXPECT_EQ(unix_seconds(kept.internal_date), 1766599200);
}

TEST(ImapAppend, TakesManyMessagesButNotAnyNumber) {
  logged_in with;
  const auto command = [](size_t count) {
    bytes text = "c APPEND INBOX";
    for (size_t i = 0; i < count; ++i) text += " {4+}\r\nmail";
    return text + "\r\n";
  };
  const std::string told = with.say(command(1000));
  EXPECT_NE(told.find("c OK [APPENDUID 100 1:1000] APPEND completed"), std::string::npos);
  EXPECT_EQ(with.say(command(1001)), "[abort]\r\nc BAD The command is too complex\r\n");
  EXPECT_EQ(with.account.mailboxes.at("INBOX").messages.size(), 1000u);
}

TEST(ImapAppend, AbortsAllMessagesWhenTheClientGoesAwayBetweenTwo) {
  logged_in with;
  with.say("c APPEND INBOX {4+}\r\nmail {4}\r\n");
  with.client->output.clear();
  with.client->perform(with.client->session().on_timeout());
  EXPECT_EQ(with.client->output, "[abort]\r\n* BYE Disconnected for inactivity\r\n[close]\r\n");
  EXPECT_TRUE(with.account.mailboxes.at("INBOX").messages.empty());
}

TEST(ImapAppend, CopiesLongPartsOfMessagesWithoutKeepingThem) {
  logged_in with;
  with.account.deliver("INBOX", "Subject: long\r\n\r\n" + long_message(3'000'000), instant{});
  const std::string told =
      with.say("c APPEND INBOX CATENATE (URL \"/INBOX/;UID=1/;SECTION=TEXT/;PARTIAL=10.2000000\")\r\n");
  EXPECT_NE(told.find("c OK [APPENDUID 100 2] APPEND completed"), std::string::npos);
  EXPECT_EQ(*with.account.mailboxes.at("INBOX").messages.at(2).content,
            long_message(3'000'000).substr(10, 2'000'000));
}

TEST(ImapAppend, EndsTheConnectionRatherThanPassOverAHugeMessage) {
  session_settings settings;
  settings.max_append_bytes = 1000;
  logged_in with(0, settings);
  EXPECT_EQ(with.say("c APPEND INBOX {100000000000+}\r\n"),
            "* BYE The input cannot be understood any more\r\n[close]\r\n");
}

TEST(ImapAppend, TakesABoundedPartOfItFromOtherMessages) {
  logged_in with;
  const bytes content = "Subject: a\r\n\r\nbody\r\n";
  with.account.deliver("INBOX", content, instant{});
  // As if it had 700 MB.
  auto& message = with.account.mailboxes.at("INBOX").messages.at(1);
  auto digest = *message.digest;
  digest.size = 700'000'000;
  message.digest = std::make_shared<const mime::digest>(digest);
  const std::string part = "URL \"/INBOX/;UID=1/;PARTIAL=0.20\"", whole = "URL \"/INBOX/;UID=1\"";
  EXPECT_NE(with.say("c APPEND INBOX CATENATE (" + part + " " + part + ")\r\n").find("c OK"),
            std::string::npos);
  with.client->drop_linked = true;
  EXPECT_NE(with.say("d APPEND INBOX CATENATE (" + whole + " " + whole + ")\r\n").find("d NO [TOOBIG]"),
            std::string::npos);
  EXPECT_NE(
      with.say("e APPEND INBOX CATENATE (" + whole + ") CATENATE (" + whole + ")\r\n").find("e NO [TOOBIG]"),
      std::string::npos)
      << "nor in several messages";
}

} // namespace
} // namespace stagepost::imap
