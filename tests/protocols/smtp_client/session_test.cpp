#include "tests/protocols/smtp_client/script.hpp"

#include <gtest/gtest.h>

namespace stagepost::smtp_client {
namespace {

message_to_send message_to(std::vector<std::string> recipients,
                           bytes content = "Subject: x\r\n\r\nbody\r\n") {
  message_to_send out;
  out.what.envelope.sender = "a@client.example";
  for (auto& one : recipients) out.what.envelope.recipients.emplace_back().address = std::move(one);
  out.content = std::move(content);
  return out;
}

session_settings plain_settings() {
  session_settings out;
  out.hello_name = "client.example";
  out.tls = tls_policy::never;
  return out;
}

/// A session that has said hello to a server with those extensions.
fake_caller opened(std::string_view extensions, std::vector<message_to_send> messages) {
  fake_caller out(plain_settings());
  for (auto& one : messages) out.messages.push_back(std::move(one));
  out.feed("220 server.example\r\n250-server.example\r\n" + std::string(extensions) + "250 HELP\r\n");
  return out;
}

TEST(SmtpClientSession, SaysWhichDeadlineHolds) {
  fake_caller client(plain_settings());
  auto& session = client.session();
  client.messages.push_back(message_to({"b@server.example"}));
  EXPECT_EQ(session.deadline(), deadline::greeting);
  client.feed("220 server.example\r\n");
  EXPECT_EQ(session.deadline(), deadline::hello);
  client.feed("250 server.example\r\n");
  EXPECT_EQ(session.deadline(), deadline::mail);
  client.feed("250 ok\r\n");
  EXPECT_EQ(session.deadline(), deadline::rcpt);
  client.feed("250 ok\r\n");
  EXPECT_EQ(session.deadline(), deadline::data_begins);
  client.feed("354 go\r\n");
  EXPECT_EQ(session.deadline(), deadline::data_ends);
  client.feed("250 ok\r\n");
  EXPECT_EQ(session.deadline(), deadline::none);
  client.perform(session.quit());
  EXPECT_EQ(session.deadline(), deadline::quit);
}

TEST(SmtpClientSession, GivesEachStageTheTimeOfRfc5321) {
  using namespace std::chrono_literals;
  EXPECT_EQ(least_time(deadline::greeting), 5min);
  EXPECT_EQ(least_time(deadline::mail), 5min);
  EXPECT_EQ(least_time(deadline::rcpt), 5min);
  EXPECT_EQ(least_time(deadline::data_begins), 2min);
  EXPECT_EQ(least_time(deadline::data_block), 3min);
  EXPECT_EQ(least_time(deadline::data_ends), 10min);
}

TEST(SmtpClientSession, KeepsWhatWasDeliveredWhenTheLineBreaksInTheMiddleOfLmtpReplies) {
  auto settings = plain_settings();
  settings.protocol = protocol::lmtp;
  fake_caller client(settings);
  client.messages.push_back(message_to({"b@server.example", "c@server.example"}));
  client.feed("220 x\r\n250 x\r\n");
  client.feed("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
  client.feed("250 done\r\n25");
  client.perform(client.session().on_closed());
  ASSERT_EQ(client.ends.size(), 1u);
  EXPECT_EQ(client.ends[0].outcomes[0].fate, fate::delivered);
  EXPECT_EQ(client.ends[0].outcomes[1].fate, fate::temporary);
  EXPECT_TRUE(client.ends[0].outcomes[1].maybe_delivered);
  EXPECT_TRUE(client.closed);
}

TEST(SmtpClientSession, SaysThatACopyMayHaveArrivedOnlyWhenAllWasSent) {
  for (const std::string_view said :
       {"", "250 ok\r\n", "250 ok\r\n250 ok\r\n", "250 ok\r\n250 ok\r\n354 go\r\n"}) {
    auto client = opened("", {message_to({"b@server.example"})});
    client.feed(said);
    client.perform(client.session().on_timeout());
    ASSERT_EQ(client.ends.size(), 1u) << said;
    EXPECT_EQ(client.ends[0].outcomes[0].fate, fate::temporary) << said;
    EXPECT_EQ(client.ends[0].outcomes[0].maybe_delivered, said.find("354") != said.npos) << said;
    EXPECT_TRUE(client.closed);
  }
}

TEST(SmtpClientSession, EndsWithOneOutcomeEachWhereverTheLineIsCut) {
  const std::string said = "250 ok\r\n250 ok\r\n550 no\r\n452 many\r\n354 go\r\n250 ok\r\n";
  for (size_t size = 0; size <= said.size(); ++size) {
    auto client = opened("250-PIPELINING\r\n",
                         {message_to({"b@server.example", "c@server.example", "d@server.example"})});
    for (size_t i = 0; i < size; ++i) client.feed(std::string_view(said).substr(i, 1));
    client.perform(client.session().on_closed());
    ASSERT_EQ(client.ends.size(), 1u) << size;
    EXPECT_EQ(client.ends[0].outcomes.size(), 3u);
    EXPECT_TRUE(client.closed);
    const bool whole = size == said.size();
    EXPECT_EQ(client.ends[0].outcomes[0].fate == fate::delivered, whole) << size;
  }
}

TEST(SmtpClientSession, AsksForRecipientsWithoutSendingAnything) {
  for (const std::string_view offered : {"", "250-PIPELINING\r\n250-CHUNKING\r\n"}) {
    auto question = message_to({"b@server.example", "c@server.example"});
    question.what.envelope.sender.clear();
    question.what.asks_only = true;
    auto client = opened(offered, {question});
    client.quits = true;
    client.feed("250 ok\r\n");
    client.feed("250 ok\r\n");
    client.feed("550 5.1.1 who?\r\n");
    ASSERT_EQ(client.ends.size(), 1u);
    EXPECT_EQ(client.ends[0].outcomes[0].fate, fate::delivered);
    EXPECT_EQ(client.ends[0].outcomes[1].fate, fate::permanent);
    EXPECT_EQ(client.ends[0].outcomes[1].at, stage::rcpt);
    EXPECT_NE(client.sent.find("MAIL FROM:<>"), bytes::npos) << client.sent;
    EXPECT_EQ(client.sent.find("DATA"), bytes::npos) << client.sent;
    EXPECT_EQ(client.sent.find("BDAT"), bytes::npos) << client.sent;
    EXPECT_TRUE(client.sent.ends_with("QUIT\r\n")) << client.sent;
  }
}

TEST(SmtpClientSession, TakesNoRecipientForKnownBehindARefusedSender) {
  auto question = message_to({"b@server.example"});
  question.what.asks_only = true;
  auto client = opened("250-PIPELINING\r\n", {question});
  client.feed("550 5.7.1 not from there\r\n250 ok\r\n");
  ASSERT_EQ(client.ends.size(), 1u);
  EXPECT_EQ(client.ends[0].outcomes[0].fate, fate::permanent);
  EXPECT_EQ(client.ends[0].outcomes[0].at, stage::mail);
}

TEST(SmtpClientSession, NeverHasMoreThanAHundredCommandsUnderWay) {
  std::vector<std::string> recipients;
  for (int i = 0; i < 1000; ++i) recipients.push_back("r" + std::to_string(i) + "@server.example");
  auto client = opened("250-PIPELINING\r\n", {message_to(recipients)});
  size_t answered = 0;
  const auto commands = [&] {
    return size_t(std::count(client.output.begin(), client.output.end(), '\n')) - 2;
  };
  while (client.output.find("DATA\r\n") == std::string::npos) {
    ASSERT_LE(commands() - answered, 100u);
    ASSERT_GT(commands(), answered);
    client.feed("250 ok\r\n");
    ++answered;
  }
  while (answered++ < 1001) client.feed("250 ok\r\n");
  client.feed("354 go\r\n");
  client.feed("250 ok\r\n");
  ASSERT_EQ(client.ends.size(), 1u);
  EXPECT_TRUE(std::all_of(client.ends[0].outcomes.begin(), client.ends[0].outcomes.end(),
                          [](const auto& one) { return one.fate == fate::delivered; }));
}

TEST(SmtpClientSession, DoesNotTakeASuccessBeforeTheEndForOne) {
  fake_caller client(plain_settings());
  auto& session = client.session();
  client.feed("220 x\r\n250 x\r\n");
  session.deliver(message_to({"b@server.example"}).what);
  session.feed("250 ok\r\n");
  session.feed("250 ok\r\n");
  auto asked = session.feed("354 go\r\n");
  ASSERT_TRUE(std::holds_alternative<want_body>(asked.back()));
  const auto end = session.feed("250 taken\r\n");
  ASSERT_EQ(end.size(), 2u);
  EXPECT_EQ(std::get<finished>(end[0]).outcomes[0].fate, fate::temporary);
  EXPECT_TRUE(std::holds_alternative<smtp_client::close>(end[1]));
}

TEST(SmtpClientSession, StopsSendingWhenTheServerRefusesInTheMiddle) {
  fake_caller client(plain_settings());
  auto& session = client.session();
  client.feed("220 x\r\n250 x\r\n");
  session.deliver(message_to({"b@server.example"}).what);
  session.feed("250 ok\r\n");
  session.feed("250 ok\r\n");
  session.feed("354 go\r\n");
  session.on_body("some of it\r\n", false);
  const auto end = session.feed("552 5.3.4 that is enough\r\n");
  EXPECT_EQ(std::get<finished>(end.front()).outcomes[0].fate, fate::permanent);
  EXPECT_EQ(to_string(std::get<finished>(end.front()).outcomes[0].status), "5.3.4");
  EXPECT_TRUE(session.on_body("more\r\n", true).empty());
}

TEST(SmtpClientSession, EndsASessionWhoseRepliesHaveNoEnd) {
  fake_caller client(plain_settings());
  client.feed(std::string(max_reply_line_octets + 1, '2'));
  EXPECT_TRUE(client.closed);
  fake_caller other(plain_settings());
  for (size_t i = 0; i <= max_reply_lines; ++i) other.feed("220-still here\r\n");
  EXPECT_TRUE(other.closed);
  ASSERT_TRUE(other.failure);
  EXPECT_EQ(other.failure->fate, fate::temporary);
}

TEST(SmtpClientSession, TellsWhetherReportsAreThePeersBusiness) {
  auto knows = opened("250-DSN\r\n", {message_to({"b@server.example"})});
  knows.feed("250 ok\r\n250 ok\r\n354 go\r\n");
  knows.feed("250 ok\r\n");
  EXPECT_TRUE(knows.ends.at(0).peer_reports);
  auto does_not = opened("", {message_to({"b@server.example"})});
  does_not.feed("250 ok\r\n250 ok\r\n354 go\r\n");
  does_not.feed("250 ok\r\n");
  EXPECT_FALSE(does_not.ends.at(0).peer_reports);
}

TEST(SmtpClientSession, KeepsTheNameAndTheReplyOfThePeer) {
  auto client = opened("", {message_to({"b@server.example"})});
  EXPECT_EQ(client.session().peer_name(), "server.example");
  client.feed("250 ok\r\n550-5.1.1 no\r\n550 5.1.1 such\a user\r\n");
  const auto& reply = client.ends.at(0).outcomes.at(0).reply;
  EXPECT_EQ(to_string(reply), "550 5.1.1 no such  user");
}

TEST(SmtpClientSession, MarksWhatALoginSends) {
  auto settings = plain_settings();
  settings.on_tls = true;
  settings.login = credentials{"user", "pencil", ""};
  smtp_client::session session(settings);
  session.feed("220 x\r\n");
  const auto asked = session.feed("250-x\r\n250 AUTH PLAIN\r\n");
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_TRUE(std::get<send>(asked[0]).secret);
  const auto refused = session.feed("535 no\r\n");
  EXPECT_FALSE(std::get<send>(refused[0]).secret);
}

TEST(SmtpClientSession, ClosesAtOnceWhenItMustStop) {
  auto client = opened("", {message_to({"b@server.example"})});
  client.perform(client.session().on_shutdown());
  EXPECT_EQ(client.ends.at(0).outcomes.at(0).fate, fate::temporary);
  EXPECT_TRUE(client.closed);
  EXPECT_TRUE(client.session().feed("250 ok\r\n").empty());
  EXPECT_TRUE(client.session().on_timeout().empty());
}

TEST(SmtpClientSession, DeliversNothingWhereNothingIsDue) {
  auto client = opened("", {message_to({})});
  ASSERT_EQ(client.ends.size(), 1u);
  EXPECT_TRUE(client.ends[0].outcomes.empty());
  EXPECT_TRUE(client.session().is_ready());
}

} // namespace
} // namespace stagepost::smtp_client
