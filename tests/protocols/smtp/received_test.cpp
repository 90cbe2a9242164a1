#include "protocols/smtp/received.hpp"

#include <gtest/gtest.h>

namespace stagepost::smtp {
namespace {

trace sample() {
  trace out;
  out.hello_name = "client.example";
  out.client_address = "192.0.2.7";
  out.host_name = "mail.example.test";
  out.extended = true;
  out.queue_id = "Q1";
  out.at = from_unix_milliseconds(1'795'364'373'000);
  return out;
}

TEST(SmtpReceived, TellsFromWhomByWhomAndWhen) {
  EXPECT_EQ(received_field(sample()), "Received: from client.example ([192.0.2.7])\r\n"
                                      "\tby mail.example.test (Stagepost) with ESMTP id Q1;\r\n"
                                      "\tSun, 22 Nov 2026 16:19:33 +0000\r\n");
}

TEST(SmtpReceived, WritesIpv6AndLocalPeers) {
  auto of = sample();
  of.client_address = "2001:db8::1";
  EXPECT_NE(received_field(of).find("([IPv6:2001:db8::1])"), std::string::npos);
  of.client_address = "unix";
  EXPECT_NE(received_field(of).find("(local)"), std::string::npos);
}

TEST(SmtpReceived, HidesTheClient) {
  auto of = sample();
  of.hides_client = true;
  const auto field = received_field(of);
  EXPECT_TRUE(field.starts_with("Received: by mail.example.test"));
  EXPECT_EQ(field.find("192.0.2.7"), std::string::npos);
  EXPECT_EQ(field.find("client.example"), std::string::npos);
}

TEST(SmtpReceived, NamesTheProtocolAsRegistered) {
  const auto keyword = [](session_kind kind, bool extended, bool tls, bool login, bool utf8) {
    auto of = sample();
    of.kind = kind;
    of.extended = extended;
    of.tls_version = tls ? "TLSv1.3" : "";
    of.authenticated = login;
    of.smtp_utf8 = utf8;
    return protocol_keyword(of);
  };
  using enum session_kind;
  EXPECT_EQ(keyword(relay, false, false, false, false), "SMTP");
  EXPECT_EQ(keyword(relay, true, false, false, false), "ESMTP");
  EXPECT_EQ(keyword(relay, true, true, false, false), "ESMTPS");
  EXPECT_EQ(keyword(submission, true, false, true, false), "ESMTPA");
  EXPECT_EQ(keyword(submission, true, true, true, false), "ESMTPSA");
  EXPECT_EQ(keyword(relay, true, true, true, true), "UTF8SMTPSA");
  EXPECT_EQ(keyword(lmtp, true, false, false, false), "LMTP");
  EXPECT_EQ(keyword(lmtp, true, true, true, true), "UTF8LMTPSA");
}

} // namespace
} // namespace stagepost::smtp
