#include "protocols/report/dsn.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/digest.hpp"
#include "protocols/mime/encoding.hpp"
#include "protocols/report/dsn_parser.hpp"

#include <gtest/gtest.h>

namespace stagepost::report {
namespace {

using smtp_client::outcome_of;
using smtp_client::stage;

const instant now = from_unix_milliseconds(1'795'364'373'000); // 2026-11-22 16:19:33

const bytes original =
    "From: Ann <ann@client.example>\r\nTo: bob@server.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    "Date: Sun, 22 Nov 2026 16:00:00 +0000\r\nMessage-ID: <1@client.example>\r\n\r\nHello Bob\r\n";

reported_recipient failed_one(std::string address, uint16_t code = 550,
                              smtp_client::status_code status = {5, 1, 1}) {
  reported_recipient out;
  out.who.address = std::move(address);
  out.why = outcome_of(stage::rcpt, {code, status, "No such user"});
  out.remote_host = "mx.server.example";
  out.last_attempt_at = now;
  return out;
}

dsn_request request_for(std::vector<reported_recipient> recipients) {
  dsn_request out;
  out.reporting_host = "mail.client.example";
  out.original.sender = "ann@client.example";
  out.queue_id = "0123456789ABC";
  out.message_id = "2@mail.client.example";
  out.random = bytes(24, '\x5a');
  out.arrived_at = now - std::chrono::hours(1);
  out.now = now;
  out.recipients = std::move(recipients);
  return out;
}

std::string leaf(bytes_view message, std::vector<uint32_t> numbers) {
  const auto digest = mime::make_digest(message);
  const auto* part = mime::find_part(digest, numbers);
  if (!part) return "(no such part)";
  return mime::decode_body(message.substr(part->body_offset, part->body_size),
                           mime::parse_transfer_encoding(part->encoding));
}

std::string type_of(bytes_view message, std::vector<uint32_t> numbers) {
  const auto digest = mime::make_digest(message);
  const auto* part = mime::find_part(digest, numbers);
  return part ? part->type + "/" + part->subtype : "(no such part)";
}

TEST(Dsn, TellsAFailureToPeopleAndPrograms) {
  auto request = request_for({failed_one("bob@server.example")});
  request.original.envelope_id = "id 1";
  request.recipients[0].who.original_recipient = "rfc822;bob@alias.example";
  const auto report = compose_dsn(request, original, true);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->envelope.sender, "");
  ASSERT_EQ(report->envelope.recipients.size(), 1u);
  EXPECT_EQ(report->envelope.recipients[0].address, "ann@client.example");
  EXPECT_EQ(report->envelope.recipients[0].notify, smtp::notify_never);
  const auto& message = report->message;
  EXPECT_EQ(leaf(message, {2}),
            "Original-Envelope-Id: id 1\r\nReporting-MTA: dns; mail.client.example\r\n"
            "Arrival-Date: Sun, 22 Nov 2026 15:19:33 +0000\r\nX-Stagepost-Queue-ID: 0123456789ABC\r\n\r\n"
            "Original-Recipient: rfc822;bob@alias.example\r\n"
            "Final-Recipient: rfc822;bob@server.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
            "Remote-MTA: dns; mx.server.example\r\n"
            "Diagnostic-Code: smtp; 550 5.1.1 No such user\r\n"
            "Last-Attempt-Date: Sun, 22 Nov 2026 16:19:33 +0000\r\n");
  EXPECT_EQ(type_of(message, {2}), "message/delivery-status");
  EXPECT_EQ(type_of(message, {3}), "message/rfc822");
  EXPECT_EQ(leaf(message, {3}), original);
  const auto digest = mime::make_digest(message);
  EXPECT_EQ(digest.root.subtype, "report");
  EXPECT_EQ(mime::raw_parameter(digest.root.parameters, "report-type"), "delivery-status");
  EXPECT_EQ(digest.envelope.in_reply_to, "<1@client.example>");
  EXPECT_NE(message.find("\r\nAuto-Submitted: auto-replied\r\n"), message.npos);
}

TEST(Dsn, SaysInWordsWhatHappenedAndWhatToDo) {
  const auto report = compose_dsn(request_for({failed_one("bob@server.example")}), original, true);
  EXPECT_EQ(leaf(report->message, {1}),
            "This is the mail server mail.client.example.\r\n\r\n"
            "Your message could not be delivered to the recipients below. It will not be\r\ntried again for "
            "them.\r\n\r\n"
            "Subject: Gr\xc3\xbc\xc3\x9f"
            "e\r\nDate: Sun, 22 Nov 2026 16:00:00 +0000\r\n\r\n"
            "<bob@server.example>\r\n"
            "    The address does not exist at server.example.\r\n"
            "    Check the address for spelling mistakes, or ask the recipient by another\r\n"
            "    way which address is right.\r\n"
            "    The server mx.server.example said, in answer to RCPT TO:\r\n"
            "        550 5.1.1 No such user\r\n\r\n"
            "For the administrator: message 0123456789ABC\r\n");
}

TEST(Dsn, TellsOnlyWhoWantsToKnow) {
  smtp::envelope from_ann;
  from_ann.sender = "ann@client.example";
  smtp::recipient silent, never, success, failure;
  never.notify = smtp::notify_never;
  success.notify = smtp::notify_success;
  failure.notify = smtp::notify_failure;
  EXPECT_TRUE(wants_report(from_ann, silent, delivery_action::failed));
  EXPECT_TRUE(wants_report(from_ann, silent, delivery_action::delayed));
  EXPECT_FALSE(wants_report(from_ann, silent, delivery_action::delivered));
  EXPECT_FALSE(wants_report(from_ann, never, delivery_action::failed));
  EXPECT_TRUE(wants_report(from_ann, success, delivery_action::delivered));
  EXPECT_TRUE(wants_report(from_ann, success, delivery_action::relayed));
  EXPECT_FALSE(wants_report(from_ann, success, delivery_action::failed));
  EXPECT_FALSE(wants_report(from_ann, failure, delivery_action::delayed));
  EXPECT_FALSE(wants_report({}, failure, delivery_action::failed));
}

TEST(Dsn, IsNotWrittenAboutAReport) {
  auto request = request_for({failed_one("bob@server.example")});
  request.original.sender.clear();
  EXPECT_FALSE(compose_dsn(request, original, true));
  request.to = "postmaster@client.example";
  const auto report = compose_dsn(request, original, true);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->envelope.recipients[0].address, "postmaster@client.example");
  EXPECT_EQ(report->envelope.sender, "");
  EXPECT_FALSE(report->envelope.is_own_report) << "nobody is told when this one is lost";
  request.to.clear();
  request.original.sender = "alice@client.example";
  EXPECT_TRUE(compose_dsn(request, original, true)->envelope.is_own_report);
}

TEST(Dsn, ReturnsTheHeaderWhereThatIsWantedOrEnough) {
  auto request = request_for({failed_one("bob@server.example")});
  EXPECT_TRUE(returns_whole_message(request, 1000, 1000));
  EXPECT_FALSE(returns_whole_message(request, 1001, 1000));
  request.original.ret = smtp::return_content::headers;
  EXPECT_FALSE(returns_whole_message(request, 10, 1000));
  request.original.ret = smtp::return_content::full;
  request.recipients[0].action = delivery_action::delivered; // RFC 3461 4.3
  EXPECT_FALSE(returns_whole_message(request, 10, 1000));
  const auto report = compose_dsn(request, original, false);
  EXPECT_EQ(type_of(report->message, {3}), "text/rfc822-headers");
  EXPECT_EQ(leaf(report->message, {3}), original.substr(0, original.find("\r\n\r\n") + 2));
  EXPECT_EQ(report->message.find("Hello Bob"), std::string::npos);
}

// RFC 8689 5: a report has what the message was to be protected for.
TEST(Dsn, IsProtectedAsTheMessageWas) {
  auto request = request_for({failed_one("bob@server.example")});
  request.original.ret = smtp::return_content::full;
  request.original.tls = smtp::tls_wish::required;
  EXPECT_FALSE(returns_whole_message(request, 10, 1000));
  auto made = compose_dsn(request, original, false);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->envelope.tls, smtp::tls_wish::required);
  EXPECT_EQ(made->message.find("TLS-Required"), made->message.npos);
  request.original.tls = smtp::tls_wish::optional;
  EXPECT_TRUE(returns_whole_message(request, 10, 1000));
  made = compose_dsn(request, original, true);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->envelope.tls, smtp::tls_wish::optional);
  EXPECT_NE(made->message.find("TLS-Required: No\r\n"), made->message.npos);
}

TEST(Dsn, ReturnsNoBinaryContentAndNoEndlessHeader) {
  const auto binary =
      compose_dsn(request_for({failed_one("b@server.example")}), original + "bare\nnewline", true);
  EXPECT_EQ(type_of(binary->message, {3}), "text/rfc822-headers");
  bytes large;
  for (int i = 0; i < 5000; ++i) large += "X-Long: " + std::string(100, 'x') + "\r\n";
  const auto report = compose_dsn(request_for({failed_one("b@server.example")}), large + "\r\n", false);
  EXPECT_LT(report->message.size(), max_returned_header + 4096);
}

TEST(Dsn, TellsADelayAndHowLongItIsTried) {
  auto one = failed_one("bob@server.example", 451, {4, 3, 0});
  one.action = delivery_action::delayed;
  one.retries_until = now + std::chrono::hours(48);
  const auto report = compose_dsn(request_for({one}), original, false);
  EXPECT_NE(leaf(report->message, {1}).find("It is tried until Tue, 24 Nov 2026 16:19:33 +0000."),
            std::string::npos);
  EXPECT_NE(leaf(report->message, {2}).find("Action: delayed\r\nStatus: 4.3.0\r\n"), std::string::npos);
  EXPECT_NE(leaf(report->message, {2}).find("Will-Retry-Until: Tue, 24 Nov 2026 16:19:33 +0000\r\n"),
            std::string::npos);
  EXPECT_NE(report->message.find("Subject: =?utf-8?"), std::string::npos);
}

TEST(Dsn, UsesUtf8FormsOnlyForThoseWhoTakeThem) {
  auto request = request_for({failed_one("j\xc3\xb6rg@server.example")});
  const auto plain = compose_dsn(request, original, true);
  EXPECT_TRUE(is_ascii(plain->message));
  EXPECT_NE(leaf(plain->message, {2}).find("Final-Recipient: utf-8;j\\x{F6}rg@server.example\r\n"),
            std::string::npos);
  EXPECT_FALSE(plain->envelope.smtp_utf8);
  request.original.smtp_utf8 = true;
  const auto global = compose_dsn(request, "Subject: gr\xc3\xbc\xc3\x9f\r\n\r\nx\r\n", true);
  EXPECT_EQ(type_of(global->message, {2}), "message/global-delivery-status");
  EXPECT_EQ(type_of(global->message, {3}), "message/global");
  EXPECT_NE(leaf(global->message, {2}).find("Final-Recipient: utf-8;j\xc3\xb6rg@server.example\r\n"),
            std::string::npos);
  EXPECT_TRUE(global->envelope.smtp_utf8);
  EXPECT_EQ(global->envelope.body, smtp::body_type::eight_bit_mime);
}

TEST(Dsn, LetsNoReplyAddAFieldOrAnEndlessLine) {
  auto one = failed_one("bob@server.example");
  one.why.reply.text = "evil\r\nX-Injected: yes\n" + std::string(5000, 'x');
  one.remote_host = "mx\r\nX-Other: yes";
  const auto report = compose_dsn(request_for({one}), original, true);
  EXPECT_EQ(report->message.find("\nX-Injected"), std::string::npos);
  EXPECT_EQ(report->message.find("\nX-Other"), std::string::npos);
  for (bytes_view rest = report->message; !rest.empty();) EXPECT_LE(take_until(rest, '\n').size(), 999u);
}

TEST(Dsn, CanBeReadAgain) {
  auto second = failed_one("c\xc3\xa9@server.example", 452, {4, 2, 2});
  second.action = delivery_action::delayed;
  const auto report = compose_dsn(request_for({failed_one("bob@server.example"), second}), original, false);
  const auto told = parse_dsn(report->message);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->reporting_host, "mail.client.example");
  EXPECT_EQ(told->original_message_id, "<1@client.example>");
  ASSERT_EQ(told->recipients.size(), 2u);
  EXPECT_EQ(told->recipients[0].final_recipient, "bob@server.example");
  EXPECT_EQ(told->recipients[0].action, "failed");
  EXPECT_EQ(to_string(told->recipients[0].status), "5.1.1");
  EXPECT_EQ(told->recipients[0].remote_host, "mx.server.example");
  EXPECT_EQ(told->recipients[0].diagnostic, "550 5.1.1 No such user");
  EXPECT_EQ(told->recipients[1].final_recipient, "c\xc3\xa9@server.example");
  EXPECT_EQ(told->recipients[1].action, "delayed");
}

TEST(Dsn, ReadsNothingFromWhatIsNoReport) {
  EXPECT_FALSE(parse_dsn(original));
  EXPECT_FALSE(parse_dsn(""));
  EXPECT_FALSE(
      parse_dsn("Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b\r\n"
                "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
                "Final-Recipient: rfc822; a@b\r\nAction: failed\r\n--b--\r\n"));
  EXPECT_FALSE(
      parse_dsn("Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
                "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n--b--\r\n"));
}

} // namespace
} // namespace stagepost::report
