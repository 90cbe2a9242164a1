#include "protocols/imap/response.hpp"

#include <gtest/gtest.h>

#include <set>

namespace stagepost::imap {
namespace {

std::string string_of(std::string_view text) {
  bytes out;
  write_string(out, text);
  return out;
}

std::string date_of(int64_t seconds, int zone_minutes = 0) {
  bytes out;
  write_date_time(out, instant(std::chrono::seconds(seconds)), std::chrono::minutes(zone_minutes));
  return out;
}

TEST(ImapResponse, HasWordsForEveryAnswer) {
  for (size_t i = 0; i <= size_t(answer::bye_unparsable); ++i) {
    const answer_text& words = text_of(answer(i));
    EXPECT_TRUE((std::set<std::string_view>{"OK", "NO", "BAD", "BYE"}.count(words.status))) << i;
    EXPECT_FALSE(words.text.empty()) << i;
  }
  EXPECT_EQ(text_of(answer::completed).text, "completed");
  EXPECT_EQ(text_of(answer::unknown_charset).code, "BADCHARSET (US-ASCII UTF-8)");
  EXPECT_EQ(text_of(answer::syntax).status, "BAD");
  EXPECT_EQ(text_of(answer::bye_logout).status, "BYE");
  EXPECT_EQ(text_of(answer::no_nonce).status, "NO");
}

TEST(ImapResponse, TellsEveryOutcome) {
  EXPECT_EQ(text_of(answer_for(outcome::no_such_mailbox)).code, "NONEXISTENT");
  EXPECT_EQ(text_of(answer_for(outcome::no_such_mailbox, true)).code, "TRYCREATE");
  EXPECT_EQ(text_of(answer_for(outcome::already_exists)).code, "ALREADYEXISTS");
  EXPECT_EQ(text_of(answer_for(outcome::not_permitted)).code, "NOPERM");
  EXPECT_EQ(text_of(answer_for(outcome::cannot)).code, "CANNOT");
  EXPECT_EQ(text_of(answer_for(outcome::over_quota)).code, "OVERQUOTA");
  EXPECT_EQ(text_of(answer_for(outcome::too_big)).code, "TOOBIG");
  EXPECT_EQ(text_of(answer_for(outcome::limit_reached)).code, "LIMIT");
  EXPECT_EQ(text_of(answer_for(outcome::has_children)).code, "HASCHILDREN");
  EXPECT_EQ(text_of(answer_for(outcome::in_use)).code, "INUSE");
  EXPECT_EQ(text_of(answer_for(outcome::expunged)).code, "EXPUNGEISSUED");
  EXPECT_EQ(text_of(answer_for(outcome::unavailable)).code, "UNAVAILABLE");
}

TEST(ImapResponse, QuotesWhatCanBeQuotedAndSendsTheRestAsLiteral) {
  EXPECT_EQ(string_of("a b"), "\"a b\"");
  EXPECT_EQ(string_of("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(string_of("a\r\nb"), "{4}\r\na\r\nb");
  EXPECT_EQ(string_of("\xc3\xa9"), "{2}\r\n\xc3\xa9");
  EXPECT_EQ(string_of(std::string_view("a\0b", 3)), "\"a b\"");
  EXPECT_TRUE(string_of(std::string(1001, 'x')).starts_with("{1001}\r\n"));
}

TEST(ImapResponse, WritesDatesWithTwoColumnsForTheDay) {
  EXPECT_EQ(date_of(837571465), "\"17-Jul-1996 02:44:25 +0000\"");
  EXPECT_EQ(date_of(0), "\" 1-Jan-1970 00:00:00 +0000\"");
  EXPECT_EQ(date_of(-1), "\"31-Dec-1969 23:59:59 +0000\"");
}

TEST(ImapResponse, WritesDatesInAnyZone) {
  EXPECT_EQ(date_of(0, 60), "\" 1-Jan-1970 01:00:00 +0100\"");
  EXPECT_EQ(date_of(0, -300), "\"31-Dec-1969 19:00:00 -0500\"");
  EXPECT_EQ(date_of(0, 345), "\" 1-Jan-1970 05:45:00 +0545\"");
  EXPECT_EQ(date_of(0, -210), "\"31-Dec-1969 20:30:00 -0330\"");
}

} // namespace
} // namespace stagepost::imap
