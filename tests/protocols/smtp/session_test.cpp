#include "protocols/smtp/session.hpp"

#include "tests/protocols/smtp/fake_environment.hpp"

#include <gtest/gtest.h>

namespace stagepost::smtp {
namespace {

session_settings plain_settings() {
  session_settings settings;
  settings.host_name = "mail.example.test";
  settings.append_received = received_policy::none;
  return settings;
}

/// Says hello and gives a sender, so that a test begins where it gets interesting.
fake_environment in_transaction(session_settings settings = plain_settings()) {
  fake_environment server(std::move(settings));
  server.start();
  server.feed(settings.kind == session_kind::lmtp ? "LHLO c\r\n" : "EHLO c\r\n");
  server.feed("MAIL FROM:<a@client.example>\r\n");
  server.output.clear();
  return server;
}

TEST(SmtpSession, GreetsWithItsNameAndTheBanner) {
  const auto greeted = [](std::string banner) {
    auto settings = plain_settings();
    settings.banner = std::move(banner);
    fake_environment server(settings);
    server.start();
    return server.output;
  };
  EXPECT_EQ(greeted(""), "220 mail.example.test ESMTP\r\n");
  EXPECT_EQ(greeted("welcome"), "220 mail.example.test ESMTP welcome\r\n");
  EXPECT_EQ(greeted("mail.example.test ready"), "220 mail.example.test ready\r\n");
}

TEST(SmtpSession, RefusesAClientThatSpeaksFirst) {
  fake_environment server(plain_settings());
  server.perform(server.session().on_early_talk());
  EXPECT_TRUE(server.output.starts_with("554 "));
  EXPECT_TRUE(server.output.ends_with("[close]\r\n"));
}

TEST(SmtpSession, TakesAnyNumberOfBadCommandsWhenThereIsNoLimit) {
  auto settings = plain_settings();
  settings.max_bad_commands = 0;
  fake_environment server(settings);
  server.start();
  for (int i = 0; i < 100; ++i) server.feed("NONSENSE\r\n");
  server.output.clear();
  server.feed("NOOP\r\n");
  EXPECT_TRUE(server.output.starts_with("250 ")) << server.output;
}

TEST(SmtpSession, HoldsInputBackWhileAQuestionIsOpen) {
  smtp::session session(plain_settings(), {"192.0.2.7", false}, {});
  session.start();
  session.feed("EHLO c\r\n", {});
  const auto asked = session.feed("MAIL FROM:<a@b.test>\r\nNOOP\r\n", {});
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<check_sender>(asked[0]));
  EXPECT_FALSE(session.wants_input());
  const auto answered = session.on_sender(verdict::accepted);
  ASSERT_EQ(answered.size(), 1u); // both replies travel together
  EXPECT_EQ(std::get<reply>(answered[0]).text, "250 2.1.0 Sender OK\r\n250 2.0.0 OK\r\n");
  EXPECT_TRUE(session.wants_input());
}

TEST(SmtpSession, IgnoresAnAnswerNobodyAskedFor) {
  smtp::session session(plain_settings(), {"192.0.2.7", false}, {});
  session.start();
  EXPECT_TRUE(session.on_sender(verdict::accepted).empty());
  EXPECT_TRUE(session.on_accepted({}).empty());
  EXPECT_TRUE(session.on_tls({"TLSv1.3", "", {}}).empty());
  EXPECT_FALSE(session.is_secure());
}

TEST(SmtpSession, TakesAtLeastAHundredRecipients) {
  auto settings = plain_settings();
  settings.max_recipients = 3;
  auto server = in_transaction(settings);
  for (int i = 0; i < 101; ++i) server.feed("RCPT TO:<u" + std::to_string(i) + "@example.test>\r\n");
  EXPECT_TRUE(server.output.ends_with("250 2.1.5 Recipient OK\r\n452 4.5.3 Too many recipients\r\n"));
  server.feed("DATA\r\n");
  server.feed("\r\nx\r\n.\r\n");
  ASSERT_EQ(server.stored.size(), 1u);
  EXPECT_EQ(server.stored[0].envelope.recipients.size(), 100u);
}

TEST(SmtpSession, HoldsAnAccountToItsOwnLimits) {
  auto settings = plain_settings();
  settings.max_message_size_bytes = 1000;
  auto server = in_transaction(settings);
  server.session().limit_to(500, 1);
  server.feed(
      "RCPT TO:<a@example.test>\r\nRCPT TO:<b@example.test>\r\nRSET\r\nMAIL FROM:<a@b.test> SIZE=501\r\n");
  EXPECT_EQ(server.output, "250 2.1.5 Recipient OK\r\n452 4.5.3 Too many recipients\r\n250 2.0.0 OK\r\n"
                           "552 5.3.4 Message too large\r\n");
  server.feed("EHLO c\r\n");
  EXPECT_NE(server.output.find("250-SIZE 500\r\n250 LIMITS RCPTMAX=1\r\n"), std::string::npos);
}

TEST(SmtpSession, LetsAUserSendUnderEveryNameOfHisDomain) {
  auto settings = plain_settings();
  settings.mechanisms = {sasl::mechanism::plain};
  settings.login_needs_tls = false;
  settings.match = sender_match::address;
  fake_environment server(settings);
  server.start();
  server.feed("EHLO c\r\n");
  server.session().know_domains({"example.net"});
  server.output.clear();
  server.feed("AUTH PLAIN AGpvZQBzZWNyZXQ=\r\nMAIL FROM:<joe@example.net>\r\nRSET\r\nMAIL "
              "FROM:<ann@example.net>\r\n");
  EXPECT_EQ(server.output, "235 2.7.0 Authentication succeeded\r\n250 2.1.0 Sender OK\r\n250 2.0.0 OK\r\n"
                           "553 5.7.1 Not your address to send from\r\n");
}

TEST(SmtpSession, CarriesWhatTheClientSaidInTheEnvelope) {
  fake_environment server(plain_settings());
  server.start();
  server.feed("EHLO c\r\n");
  server.feed("MAIL FROM:<a@b.test> BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=e1\r\n"
              "RCPT TO:<\xc3\xb6@example.test> NOTIFY=FAILURE ORCPT=rfc822;o@example.test\r\nDATA\r\n");
  server.feed("\r\n\xff\r\n.\r\n");
  ASSERT_EQ(server.stored.size(), 1u);
  const auto& got = server.stored[0].envelope;
  EXPECT_EQ(got.sender, "a@b.test");
  EXPECT_EQ(got.body, body_type::eight_bit_mime);
  EXPECT_TRUE(got.smtp_utf8);
  EXPECT_EQ(got.ret, return_content::full);
  EXPECT_EQ(got.envelope_id, "e1");
  ASSERT_EQ(got.recipients.size(), 1u);
  EXPECT_EQ(got.recipients[0].notify, notify_failure);
  EXPECT_EQ(got.recipients[0].original_recipient, "rfc822;o@example.test");
}

// RFC 8689 4.1: the parameter of MAIL wins over the field.
TEST(SmtpSession, TellsWhatTheSenderWishesOfTls) {
  auto settings = plain_settings();
  settings.require_tls_offered = true;
  fake_environment client(settings, {"192.0.2.7", true}, {"TLSv1.3", "TLS_AES_256_GCM_SHA384", {}});
  client.start();
  client.feed("EHLO client.example\r\n");
  const auto send = [&client](bytes_view parameters, bytes_view header) {
    client.feed("MAIL FROM:<a@b.test>" + bytes(parameters) + "\r\n");
    client.feed("RCPT TO:<c@example.test>\r\n");
    client.feed("DATA\r\n");
    client.feed(bytes(header) + "\r\nx\r\n.\r\n");
    return client.stored.back().envelope.tls;
  };
  EXPECT_EQ(send("", "Subject: x\r\n"), tls_wish::none);
  EXPECT_EQ(send("", "TLS-Required: No\r\n"), tls_wish::optional);
  EXPECT_EQ(send(" REQUIRETLS", "Subject: x\r\n"), tls_wish::required);
  EXPECT_EQ(send(" REQUIRETLS", "TLS-Required: No\r\n"), tls_wish::required);
  EXPECT_EQ(send("", "Subject: x\r\n"), tls_wish::none); // and not for the next
  EXPECT_EQ(client.stored.size(), 5u);
}

TEST(SmtpSession, HandsASmallMessageOnInOnePieceAndALargeOneInSeveral) {
  auto server = in_transaction();
  server.feed("RCPT TO:<a@example.test>\r\nDATA\r\n");
  server.feed("A: b\r\n\r\nsmall\r\n.\r\n");
  ASSERT_EQ(server.stored.size(), 1u);
  EXPECT_EQ(server.stored[0].pieces, 1u);

  bytes large = "A: b\r\n\r\n";
  while (large.size() < 1'000'000)
    large += "a line of a large message, one of many of them that are all the same\r\n";
  server.feed("MAIL FROM:<a@b.test>\r\nRCPT TO:<a@example.test>\r\nDATA\r\n");
  server.feed(large + ".\r\n");
  ASSERT_EQ(server.stored.size(), 2u);
  EXPECT_GE(server.stored[1].pieces, 4u);
  EXPECT_LE(server.stored[1].pieces, 8u);
  EXPECT_EQ(server.stored[1].content, large);
}

TEST(SmtpSession, EndsAfterALineWithoutEnd) {
  fake_environment server(plain_settings());
  server.start();
  for (int i = 0; i < 100; ++i) server.feed(bytes(1000, 'x'));
  EXPECT_EQ(server.output, "220 mail.example.test ESMTP\r\n"); // thrown away, not kept
  server.feed("\r\nNOOP\r\n");
  EXPECT_TRUE(server.output.ends_with("500 5.5.6 Command line too long\r\n250 2.0.0 OK\r\n"));
}

TEST(SmtpSession, SaysWhyItEnds) {
  auto idle = in_transaction();
  idle.perform(idle.session().on_timeout());
  EXPECT_EQ(idle.output, "421 4.4.2 Timeout\r\n[close]\r\n");
  auto busy = in_transaction();
  busy.feed("RCPT TO:<a@example.test>\r\nDATA\r\n");
  busy.feed("half a message");
  busy.output.clear();
  busy.perform(busy.session().on_shutdown());
  EXPECT_EQ(busy.output, "[abort]\r\n421 4.3.2 The service is shutting down\r\n[close]\r\n");
  EXPECT_FALSE(busy.session().wants_input());
  EXPECT_TRUE(busy.session().on_shutdown().empty());
}

TEST(SmtpSession, EndsWhenTheHandshakeFails) {
  auto settings = plain_settings();
  settings.tls_offered = true;
  smtp::session session(settings, {"192.0.2.7", false}, {});
  session.start();
  session.feed("STARTTLS\r\n", {});
  EXPECT_FALSE(session.wants_input());
  const auto told = session.on_tls({});
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<smtp::close>(told[0]));
}

TEST(SmtpSession, TakesALongInitialResponse) {
  auto settings = plain_settings();
  settings.mechanisms = {sasl::mechanism::plain};
  settings.login_needs_tls = false;
  fake_environment server(settings);
  server.start();
  server.feed("EHLO c\r\n");
  server.output.clear();
  server.feed("AUTH PLAIN " + base64_encode(bytes(1, '\0') + "joe" + bytes(1, '\0') + bytes(8000, 'p')) +
              "\r\n");
  EXPECT_EQ(server.output,
            "501 5.5.2 Cannot decode the response\r\n"); // read whole, then found too long a password
  server.output.clear();
  server.feed("AUTH PLAIN " + bytes(12300, 'A') + "\r\n");
  EXPECT_EQ(server.output, "500 5.5.6 Command line too long\r\n");
}

TEST(SmtpSession, SendsScramsSignatureBeforeTheSuccess) {
  auto settings = plain_settings();
  settings.mechanisms = {sasl::mechanism::scram_sha_256};
  fake_environment server(settings);
  server.start();
  server.feed("EHLO c\r\n");
  server.output.clear();
  server.feed("AUTH SCRAM-SHA-256 " + base64_encode("n,,n=joe,r=abc") + "\r\n");
  const auto nonce = "abc" + base64_encode(bytes(18, 'n'));
  const auto first = "r=" + nonce + ",s=" + base64_encode("saltsaltsaltsalt") + ",i=16";
  EXPECT_EQ(server.output, "334 " + base64_encode(first) + "\r\n");
  const auto hash = sasl::scram_hash::sha_256;
  const auto without_proof = "c=biws,r=" + nonce;
  const auto signed_text = "n=joe,r=abc," + first + "," + without_proof;
  const auto key = sasl::hmac(hash, sasl::stretch(hash, "secret", "saltsaltsaltsalt", 16), "Client Key");
  auto proof = sasl::hmac(hash, sasl::digest(hash, key), signed_text);
  for (size_t i = 0; i < proof.size(); ++i) proof[i] = char(proof[i] ^ key[i]);
  server.output.clear();
  server.feed(base64_encode(without_proof + ",p=" + base64_encode(proof)) + "\r\n");
  EXPECT_TRUE(server.output.starts_with("334 " + base64_encode("v=").substr(0, 2))) << server.output;
  EXPECT_EQ(server.session().authenticated_as(), "");
  server.output.clear();
  server.feed("\r\n");
  EXPECT_EQ(server.output, "235 2.7.0 Authentication succeeded\r\n");
  EXPECT_EQ(server.session().authenticated_as(), "joe@example.test");
}

TEST(SmtpSession, LogsNobodyInWhoCancelsTheLastStep) {
  auto settings = plain_settings();
  settings.mechanisms = {sasl::mechanism::cram_md5};
  fake_environment server(settings);
  server.start();
  server.feed("EHLO c\r\n");
  server.feed("AUTH CRAM-MD5\r\n");
  server.feed("*\r\n");
  EXPECT_TRUE(server.output.ends_with("501 5.7.0 Authentication cancelled\r\n"));
  EXPECT_EQ(server.session().authenticated_as(), "");
  server.feed("NOOP\r\n");
  EXPECT_TRUE(server.output.ends_with("250 2.0.0 OK\r\n"));
}

TEST(SmtpSession, CannotChallengeWithoutANonce) {
  auto settings = plain_settings();
  settings.mechanisms = {sasl::mechanism::cram_md5};
  smtp::session session(settings, {"192.0.2.7", false}, {});
  session.start();
  session.feed("EHLO c\r\n", {});
  EXPECT_TRUE(session.wants_nonce());
  const auto told = session.feed("AUTH CRAM-MD5\r\n", {});
  EXPECT_TRUE(std::get<reply>(told.at(0)).text.starts_with("454 "));
  session.give_nonce(bytes(18, 'n'));
  EXPECT_FALSE(session.wants_nonce());
  session.feed("AUTH CRAM-MD5\r\n", {});
  EXPECT_TRUE(session.wants_nonce());
}

TEST(SmtpSession, AddsADateOnTheUsersClock) {
  const auto dated = [](const char* zone) {
    auto settings = plain_settings();
    settings.kind = session_kind::submission;
    settings.login_needs_tls = false;
    settings.mechanisms = {sasl::mechanism::plain};
    fake_environment server(std::move(settings));
    server.start();
    server.feed("EHLO c\r\n");
    server.feed("AUTH PLAIN " + base64_encode(bytes(1, '\0') + "joe" + bytes(1, '\0') + "secret") + "\r\n");
    server.session().use_time_zone(*mime::time_zone::find(zone));
    server.feed("MAIL FROM:<joe@example.test>\r\n");
    server.feed("RCPT TO:<ann@example.test>\r\n");
    server.feed("DATA\r\n");
    server.feed("From: <joe@example.test>\r\n\r\nhi\r\n.\r\n");
    if (server.stored.empty()) return server.output;
    const auto& whole = server.stored.front().content;
    const auto at = whole.find("Date: ");
    return at == whole.npos ? whole : whole.substr(at, whole.find("\r\n", at) - at);
  };
  EXPECT_EQ(dated("UTC"), "Date: Sun, 22 Nov 2026 16:19:33 +0000");
  EXPECT_EQ(dated("Europe/Berlin"), "Date: Sun, 22 Nov 2026 17:19:33 +0100");
  EXPECT_EQ(dated("America/St_Johns"), "Date: Sun, 22 Nov 2026 12:49:33 -0330");
}

} // namespace
} // namespace stagepost::smtp
