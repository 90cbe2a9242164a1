#include "protocols/report/auto_reply.hpp"

#include "protocols/mime/digest.hpp"

#include <gtest/gtest.h>

namespace stagepost::report {
namespace {

const bytes plain_header = "From: bob@elsewhere.example\r\nTo: Ann <ann@client.example>\r\nSubject: Hello\r\n"
                           "Message-ID: <1@elsewhere.example>\r\nReferences: <0@elsewhere.example>\r\n\r\n";

incoming_message plain_message() {
  incoming_message out;
  out.sender = "bob@elsewhere.example";
  out.header = plain_header;
  out.own_addresses = {"ann@client.example", "sales@client.example"};
  return out;
}

reply_obstacle with_field(const std::string& field) {
  auto message = plain_message();
  const bytes header = field + "\r\n" + plain_header;
  message.header = header;
  return obstacle_to_reply(message);
}

TEST(AutoReply, AnswersAPerson) { EXPECT_EQ(obstacle_to_reply(plain_message()), reply_obstacle::none); }

TEST(AutoReply, AnswersNoProgramAndNoList) {
  EXPECT_EQ(with_field("Auto-Submitted: auto-replied"), reply_obstacle::automatic);
  EXPECT_EQ(with_field("auto-submitted: auto-generated; owner-email=\"x@y\""), reply_obstacle::automatic);
  EXPECT_EQ(with_field("Auto-Submitted: no"), reply_obstacle::none);
  EXPECT_EQ(with_field("Auto-Submitted: something-new"), reply_obstacle::automatic);
  EXPECT_EQ(with_field("Content-Type: multipart/report; report-type=delivery-status"),
            reply_obstacle::automatic);
  EXPECT_EQ(with_field("List-Id: <list.example.test>"), reply_obstacle::mailing_list);
  EXPECT_EQ(with_field("List-Unsubscribe: <mailto:x@y>"), reply_obstacle::mailing_list);
  EXPECT_EQ(with_field("Precedence: Bulk"), reply_obstacle::mailing_list);
  EXPECT_EQ(with_field("Precedence: first-class"), reply_obstacle::none);
  EXPECT_EQ(with_field("X-Auto-Response-Suppress: DR, OOF, AutoReply"), reply_obstacle::declined);
  EXPECT_EQ(with_field("X-Auto-Response-Suppress: DR"), reply_obstacle::none);
}

TEST(AutoReply, AnswersNoAddressThatNobodyReads) {
  for (const std::string sender :
       {"MAILER-DAEMON@x.example", "owner-list@x.example", "list-request@x.example", "noreply@x.example",
        "list-bounces+ann=client.example@x.example", "SRS0=hash=tt=x.example=bob@y.example"}) {
    auto message = plain_message();
    message.sender = sender;
    EXPECT_EQ(obstacle_to_reply(message), reply_obstacle::sender_is_program) << sender;
  }
  for (const std::string sender : {"", "postmaster", "not an address"}) {
    auto message = plain_message();
    message.sender = sender;
    EXPECT_EQ(obstacle_to_reply(message), reply_obstacle::no_sender) << sender;
  }
  auto message = plain_message();
  message.sender = "SALES@Client.Example";
  EXPECT_EQ(obstacle_to_reply(message), reply_obstacle::to_itself);
}

TEST(AutoReply, AnswersOnlyWhatIsAddressedToTheUser) {
  auto message = plain_message();
  message.own_addresses = {"other@client.example"};
  EXPECT_EQ(obstacle_to_reply(message), reply_obstacle::not_addressed);
  message.must_be_addressed = false;
  EXPECT_EQ(obstacle_to_reply(message), reply_obstacle::none);
  const bytes header = "Cc: x@y.example, \"A, B\" <OTHER@client.example>\r\n" + plain_header;
  message.header = header;
  message.must_be_addressed = true;
  EXPECT_EQ(obstacle_to_reply(message), reply_obstacle::none);
}

TEST(AutoReply, FindsWhomAHeaderNames) {
  const bytes header = "To: Ann <ann@client.example>, team: ben@client.example, c@x.example;\r\n"
                       "From: nobody@x.example\r\nresent-cc: d@x.example\r\nCC: e@x.example\r\n\r\n"
                       "To: f@x.example\r\n";
  EXPECT_EQ(addressees(header, 10), (std::vector<std::string>{"ann@client.example", "ben@client.example",
                                                              "c@x.example", "d@x.example", "e@x.example"}));
  EXPECT_EQ(addressees(header, 2).size(), 2u);
  EXPECT_TRUE(addressees("", 10).empty());
}

TEST(AutoReply, KeepsToThePolicy) {
  auto message = plain_message();
  message.policy = auto_reply_policy::disabled;
  EXPECT_EQ(obstacle_to_reply(message), reply_obstacle::disabled);
  message.policy = auto_reply_policy::spf_passed;
  EXPECT_EQ(obstacle_to_reply(message), reply_obstacle::spf_not_passed);
  message.spf_passed = true;
  EXPECT_EQ(obstacle_to_reply(message), reply_obstacle::none);
  message.answered_lately = true;
  EXPECT_EQ(obstacle_to_reply(message), reply_obstacle::answered_lately);
  message.came_by_catch_all = true;
  EXPECT_EQ(obstacle_to_reply(message), reply_obstacle::catch_all);
  message.is_spam = true;
  EXPECT_EQ(obstacle_to_reply(message), reply_obstacle::spam);
}

TEST(AutoReply, HasWordsForEachObstacle) {
  for (int why = 0; why <= int(reply_obstacle::answered_lately); ++why)
    EXPECT_NE(to_string(reply_obstacle(why)), "unknown");
}

TEST(AutoReply, IsWrittenSoThatNothingAnswersIt) {
  auto_reply reply;
  reply.from = "ann@client.example";
  reply.from_name = "Ann";
  reply.to = "bob@elsewhere.example";
  reply.text = "I am away until Mont\xc3\xa1g.\n";
  reply.message_id = "2@client.example";
  reply.now = from_unix_milliseconds(1'795'364'373'000);
  const auto out = compose_auto_reply(reply, plain_header);
  EXPECT_EQ(out.envelope.sender, "");
  EXPECT_EQ(out.envelope.recipients.at(0).address, "bob@elsewhere.example");
  EXPECT_EQ(out.message,
            "Date: Sun, 22 Nov 2026 16:19:33 +0000\r\nFrom: Ann <ann@client.example>\r\n"
            "To: bob@elsewhere.example\r\nSubject: Auto: Hello\r\nMessage-ID: <2@client.example>\r\n"
            "In-Reply-To: <1@elsewhere.example>\r\n"
            "References: <0@elsewhere.example> <1@elsewhere.example>\r\n"
            "Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
            "I am away until Mont=C3=A1g.\r\n");
  auto message = plain_message();
  message.header = out.message;
  EXPECT_EQ(obstacle_to_reply(message), reply_obstacle::automatic);
}

} // namespace
} // namespace stagepost::report
