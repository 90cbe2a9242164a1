#include "protocols/smtp_client/outcome.hpp"

#include <gtest/gtest.h>

namespace stagepost::smtp_client {
namespace {

outcome at(stage where, uint16_t code, status_code status = {}) {
  return outcome_of(where, {code, status, "text"});
}

TEST(SmtpClientOutcome, FollowsTheFirstDigitOnceTheMailHasBegun) {
  EXPECT_EQ(at(stage::rcpt, 250).fate, fate::delivered);
  EXPECT_EQ(at(stage::rcpt, 251).fate, fate::delivered);
  EXPECT_EQ(at(stage::mail, 450).fate, fate::temporary);
  EXPECT_EQ(at(stage::rcpt, 550).fate, fate::permanent);
  EXPECT_EQ(at(stage::content, 554).fate, fate::permanent);
}

TEST(SmtpClientOutcome, BouncesNothingForARefusalBeforeTheMail) {
  for (const auto where : {stage::greeting, stage::hello, stage::start_tls, stage::login, stage::reset})
    EXPECT_EQ(at(where, 554, {5, 7, 1}).fate, fate::temporary) << to_string(where);
  EXPECT_EQ(to_string(at(stage::greeting, 554, {5, 7, 1}).status), "4.7.1");
  EXPECT_EQ(at(stage::greeting, 521).fate, fate::permanent);
  EXPECT_EQ(at(stage::rcpt, 556).fate, fate::permanent);
}

TEST(SmtpClientOutcome, Reads552ToRcptAs452UnlessTheMailboxIsFull) {
  EXPECT_EQ(at(stage::rcpt, 552).fate, fate::temporary);
  EXPECT_EQ(at(stage::rcpt, 552, {5, 5, 3}).fate, fate::temporary);
  EXPECT_EQ(at(stage::rcpt, 552, {5, 2, 2}).fate, fate::permanent);
  EXPECT_EQ(at(stage::content, 552).fate, fate::permanent);
  EXPECT_TRUE(is_too_many_recipients({452, {}, ""}));
  EXPECT_FALSE(is_too_many_recipients({452, {4, 2, 2}, ""}));
  EXPECT_FALSE(is_too_many_recipients({450, {4, 5, 3}, ""}));
}

TEST(SmtpClientOutcome, AlwaysHasAStatus) {
  for (uint16_t code = 200; code < 600; ++code) {
    const auto what = at(stage::content, code);
    EXPECT_TRUE(what.status) << code;
    EXPECT_TRUE(what.fate != fate::permanent || what.status.grade == 5) << code;
  }
}

TEST(SmtpClientOutcome, KnowsWhichLookUpsAreFinal) {
  EXPECT_EQ(outcome_of(lookup_failure::null_mx, "example.test").fate, fate::permanent);
  EXPECT_EQ(to_string(outcome_of(lookup_failure::null_mx, "example.test").status), "5.1.10");
  EXPECT_EQ(outcome_of(lookup_failure::malformed_domain, "x").fate, fate::permanent);
  EXPECT_EQ(outcome_of(lookup_failure::leads_to_us, "x").fate, fate::permanent);
  for (const auto why : {lookup_failure::no_such_domain, lookup_failure::no_mail_host,
                         lookup_failure::server_failure, lookup_failure::timed_out, lookup_failure::bogus}) {
    const auto what = outcome_of(why, "example.test");
    EXPECT_EQ(what.fate, fate::temporary);
    EXPECT_TRUE(what.is_lookup_failure);
    EXPECT_EQ(what.is_missing, why == lookup_failure::no_such_domain || why == lookup_failure::no_mail_host);
    EXPECT_NE(what.reason.find("example.test"), std::string::npos);
  }
}

TEST(SmtpClientOutcome, TriesAgainWhateverHappenedToTheConnection) {
  for (int why = 0; why <= int(connection_failure::stopped); ++why) {
    const auto what = outcome_of(connection_failure(why), stage::connect, "192.0.2.1");
    EXPECT_EQ(what.fate, fate::temporary);
    EXPECT_EQ(what.status.grade, 4);
    EXPECT_FALSE(what.reason.empty());
  }
}

TEST(SmtpClientOutcome, SaysAtTheEndWhatSaysMost) {
  EXPECT_EQ(to_string(expired(outcome_of(connection_failure::refused, stage::connect)).status), "4.4.7");
  EXPECT_EQ(to_string(expired(outcome_of(lookup_failure::no_such_domain, "x")).status), "5.1.2");
  EXPECT_EQ(to_string(expired(at(stage::rcpt, 452, {4, 2, 2})).status), "5.2.2");
  EXPECT_EQ(expired(at(stage::rcpt, 451)).fate, fate::permanent);
}

TEST(SmtpClientOutcome, KeepsAShortReply) {
  std::string text;
  for (int i = 0; i < 4000; ++i) text += "\xc3\xbc";
  EXPECT_LT(outcome_of(stage::rcpt, {550, {}, text}).reply.text.size(), 2100u);
}

} // namespace
} // namespace stagepost::smtp_client
