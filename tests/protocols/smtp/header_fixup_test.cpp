#include "protocols/smtp/header_fixup.hpp"

#include "protocols/base/text.hpp"

#include <gtest/gtest.h>

namespace stagepost::smtp {
namespace {

header_rules submission() {
  header_rules rules;
  rules.complete = true;
  rules.message_id = "id@host";
  rules.at = from_unix_milliseconds(0);
  return rules;
}

TEST(SmtpHeaderFixup, LeavesARelayedHeaderAsItIs) {
  const bytes block = "Bcc: a\r\nX:y \r\n\tz\r\nnot a field\r\n:empty\r\n\r\n";
  EXPECT_EQ(fix_header(block, {}).text, block);
}

TEST(SmtpHeaderFixup, PutsTheTraceOnTop) {
  header_rules rules;
  rules.received = "Received: now\r\n";
  EXPECT_EQ(fix_header("A: b\r\n\r\n", rules).text, "Received: now\r\nA: b\r\n\r\n");
  EXPECT_EQ(fix_header("", rules).text, "Received: now\r\n");
}

TEST(SmtpHeaderFixup, SaysWhoLoggedInAndBelievesNobodyElse) {
  header_rules rules;
  rules.received = "Received: now\r\n";
  rules.drops_authenticated_as = true;
  const bytes block = "A: b\r\nx-stagepost-authenticated-AS: forged@\r\n example.org\r\nC: d\r\n\r\n";
  EXPECT_EQ(fix_header(block, rules).text, "Received: now\r\nA: b\r\nC: d\r\n\r\n");
  rules.authenticated_as = "alice@example.org";
  EXPECT_EQ(fix_header(block, rules).text,
            "Received: now\r\nX-Stagepost-Authenticated-As: alice@example.org\r\nA: b\r\nC: d\r\n\r\n");
  rules.authenticated_as = "b\xc3\xbc@example.org";
  EXPECT_TRUE(is_ascii(fix_header(block, rules).text));
  EXPECT_EQ(fix_header(block, {}).text, block);
}

TEST(SmtpHeaderFixup, CountsHops) {
  EXPECT_EQ(fix_header("Received: a\r\n b\r\nRECEIVED: c\r\nX-Received: d\r\n\r\nReceived: e\r\n", {}).hops,
            2u);
}

TEST(SmtpHeaderFixup, FindsToWhomItWasDeliveredBefore) {
  EXPECT_EQ(
      fix_header(
          "Delivered-To: One@Example.ORG\r\nReceived: x\r\nDELIVERED-TO:\r\n <two@b\xc3\xbc\x63her.test>\r\n"
          "Delivered-To: nonsense\r\nX-Delivered-To: three@example.org\r\n\r\nDelivered-To: in@the.body\r\n",
          {})
          .delivered_to,
      (std::vector<std::string>{"one@example.org", "two@xn--bcher-kva.test"}));
  EXPECT_TRUE(fix_header("Received: x\r\nSubject: y\r\n\r\n", {}).delivered_to.empty());
}

// RFC 8689 3
TEST(SmtpHeaderFixup, FindsWhetherTlsIsOptional) {
  const auto is_optional = [](bytes_view block) { return fix_header(block, {}).tls_optional; };
  EXPECT_TRUE(is_optional("TLS-Required: No\r\n\r\n"));
  EXPECT_TRUE(is_optional("A: b\r\ntls-required:\r\n\tNO \r\n\r\n"));
  EXPECT_FALSE(is_optional("TLS-Required: Yes\r\n\r\n"));
  EXPECT_FALSE(is_optional("TLS-Required: No thanks\r\n\r\n"));
  EXPECT_FALSE(is_optional("A: b\r\n\r\nTLS-Required: No\r\n"));
  // It must not stand there twice.
  EXPECT_FALSE(is_optional("TLS-Required: No\r\nTLS-Required: No\r\n\r\n"));
  EXPECT_FALSE(is_optional("TLS-Required: Yes\r\nTLS-Required: No\r\n\r\n"));
}

TEST(SmtpHeaderFixup, PassesOverTheMarkOfAClientThatDelivers) {
  header_rules rules;
  rules.client_delivers = true;
  EXPECT_EQ(fix_header("Delivered-To: a@x.test\r\nReceived: x\r\nDelivered-To: b@x.test\r\n\r\n", rules)
                .delivered_to,
            std::vector<std::string>{"b@x.test"});
}

TEST(SmtpHeaderFixup, LooksAtABoundedNumberOfMarks) {
  bytes block;
  for (size_t i = 0; i < 10 * max_delivered_to; ++i) block += "Delivered-To: a@x.test\r\n";
  block += "Delivered-To: " + bytes(100000, 'a') + "@x.test\r\n\r\n";
  EXPECT_EQ(fix_header(block, {}).delivered_to.size(), max_delivered_to);
}

TEST(SmtpHeaderFixup, AddsWhatASubmissionMisses) {
  EXPECT_EQ(fix_header("A: b\r\n\r\n", submission()).text,
            "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nMessage-ID: <id@host>\r\nA: b\r\n\r\n");
  EXPECT_EQ(fix_header("message-id: <x>\r\ndate: y\r\n\r\n", submission()).text,
            "message-id: <x>\r\ndate: y\r\n\r\n");
}

TEST(SmtpHeaderFixup, TakesBlindCopiesOutOfASubmission) {
  EXPECT_EQ(
      fix_header("Date: d\r\nbcc: a,\r\n\tb\r\nMessage-ID: m\r\nResent-Bcc:c\r\nBcc-Not: n\r\nBCC :x\r\n\r\n",
                 submission())
          .text,
      "Date: d\r\nMessage-ID: m\r\nBcc-Not: n\r\n\r\n");
}

TEST(SmtpHeaderFixup, HoldsFromAgainstTheAccount) {
  const auto fits = [](sender_match match, std::string_view block) {
    header_rules rules;
    rules.match = match;
    rules.match_address = "joe@example.test";
    return fix_header(block, rules).from_fits;
  };
  EXPECT_TRUE(fits(sender_match::address, "From: \"boss@x\" <JOE@Example.TEST>\r\n\r\n"));
  EXPECT_FALSE(fits(sender_match::address, "From: other@example.test\r\n\r\n"));
  EXPECT_TRUE(fits(sender_match::domain, "From: other@example.test\r\n\r\n"));
  EXPECT_FALSE(fits(sender_match::domain, "From: joe@example.test.evil.test\r\n\r\n"));
  EXPECT_FALSE(fits(sender_match::domain, "From: joe@example.test, x@evil.test\r\n\r\n"));
  EXPECT_FALSE(fits(sender_match::domain, "From: joe@example.test\r\nFrom : x@evil.test\r\n\r\n"));
  EXPECT_FALSE(fits(sender_match::domain, "From: nobody\r\n\r\n"));
  EXPECT_TRUE(fits(sender_match::none, "From: x@evil.test\r\n\r\n"));
  EXPECT_TRUE(fits(sender_match::domain, "Subject: no sender\r\n\r\n"));
}

TEST(SmtpHeaderFixup, ComparesSendersInTheirOneForm) {
  EXPECT_TRUE(fits_sender(sender_match::address, "j\xc3\xb6rg@xn--bcher-kva.test",
                          "J\xc3\x96rg@b\xc3\xbc\x63her.test"));
  EXPECT_TRUE(fits_sender(sender_match::domain, "a@[192.0.2.1]", "b@[192.0.2.1]"));
  EXPECT_FALSE(fits_sender(sender_match::domain, "a@example.test", "b@sub.example.test"));
  EXPECT_FALSE(fits_sender(sender_match::domain, "a@example.test", ""));
}

TEST(SmtpHeaderFixup, TakesEveryNameOfTheDomainForItsOwn) {
  const auto fits = [](sender_match match, std::string_view from) {
    header_rules rules;
    rules.match = match;
    rules.match_address = "joe@example.test";
    rules.match_domains = {"example.net", "xn--bcher-kva.test"};
    return fix_header("From: " + std::string(from) + "\r\n\r\n", rules).from_fits;
  };
  for (const auto* own : {"joe@example.test", "Joe <JOE@Example.NET>", "joe@b\xc3\xbc\x63her.test"}) {
    EXPECT_TRUE(fits(sender_match::address, own)) << own; // DOM-82: the same address
    EXPECT_TRUE(fits(sender_match::domain, own)) << own;
  }
  EXPECT_TRUE(fits(sender_match::domain, "other@example.net"));
  for (const auto* foreign : {"joe@sub.example.net", "joe@evil.test", "joe@example.net, joe@evil.test"})
    EXPECT_FALSE(fits(sender_match::domain, foreign)) << foreign;
  EXPECT_FALSE(fits(sender_match::address, "other@example.net"));
}

TEST(SmtpHeaderFixup, FindsTheEndOfTheHeaderHoweverItComes) {
  for (const auto& [content, end] :
       std::initializer_list<std::pair<std::string, size_t>>{{"A: b\r\n\r\nx", 8},
                                                             {"\r\nx", 2},
                                                             {"A: b\n\nx", 6},
                                                             {"A: b\r\n \r\n\r\n", 11},
                                                             {"A: b\r\n", std::string::npos}}) {
    header_end_search whole, bytewise;
    EXPECT_EQ(whole.look(content), end) << content;
    size_t found = std::string::npos;
    for (size_t i = 1; i <= content.size() && found == std::string::npos; ++i)
      found = bytewise.look(content.substr(0, i));
    EXPECT_EQ(found, end) << content;
  }
}

} // namespace
} // namespace stagepost::smtp
