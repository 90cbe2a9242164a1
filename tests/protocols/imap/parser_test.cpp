#include "protocols/imap/parser.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

TEST(ImapParser, ReadsStringsInAllTheirForms) {
  const std::pair<bytes, const char*> table[] = {
      {"atom]", "atom]"},      {"\"a b\"", "a b"},     {"\"\"", ""},    {"\"a\\\"b\\\\c\"", "a\"b\\c"},
      {"{3}\r\na\"b", "a\"b"}, {"{3+}\r\na b", "a b"}, {"{0}\r\n", ""}, {"\"caf\xc3\xa9\"", "caf\xc3\xa9"},
  };
  for (const auto& [wire, value] : table) {
    parser in(wire, '/');
    EXPECT_EQ(in.astring(), value) << wire;
    EXPECT_TRUE(in.end()) << wire;
  }
}

TEST(ImapParser, RefusesStringsThatAreNone) {
  for (const bytes& wire :
       {bytes(""), bytes("("), bytes("\"a"), bytes("\"a\\b\""), bytes("\"a\\"), bytes("\"a\0\"", 4),
        bytes("{4}\r\nabc"), bytes("{x}\r\nabc"), bytes("{3}abc"), bytes("%"), bytes("caf\xc3\xa9")}) {
    parser in(wire, '/');
    const auto value = in.astring();
    EXPECT_FALSE(value && in.end()) << wire;
  }
}

TEST(ImapParser, ReadsFlagListsOnceEach) {
  parser in("(\\Seen \\SEEN $Junk $junk \\Recent plain)", '/');
  const auto flags = in.flags(false);
  ASSERT_TRUE(flags && in.end());
  EXPECT_EQ(flags->flags, flag_seen);
  EXPECT_EQ(flags->keywords, (std::vector<std::string>{"$Junk", "plain"}));
}

TEST(ImapParser, TellsUnknownSystemFlagsFromBadSyntax) {
  parser unknown("(\\Important)", '/');
  EXPECT_FALSE(unknown.flags(false));
  EXPECT_EQ(unknown.error(), parse_errc::unknown_flag);
  for (const char* text : {"", "(", "(\\Seen", "(\\)", "(a,b c", "\\Seen", "(a )"}) {
    parser in(text, '/');
    EXPECT_FALSE(in.flags(false)) << text;
    EXPECT_EQ(in.error(), parse_errc::syntax) << text;
  }
}

TEST(ImapParser, RefusesTooManyKeywordsAndTooLongOnes) {
  std::string text = "(";
  for (size_t i = 0; i <= max_keywords; ++i) text += (i ? " k" : "k") + std::to_string(i);
  text += ")";
  parser many(text, '/');
  EXPECT_FALSE(many.flags(false));
  const std::string long_name = "(" + std::string(max_keyword_octets + 1, 'x') + ")";
  parser too_long(long_name, '/');
  EXPECT_FALSE(too_long.flags(false));
}

TEST(ImapParser, ReadsDates) {
  using namespace std::chrono;
  for (const char* text : {"1-Feb-1994", "01-feb-1994", "\"1-FEB-1994\""}) {
    parser in(text, '/');
    EXPECT_EQ(in.date(), sys_days(1994y / February / 1)) << text;
  }
  for (const char* text :
       {"29-Feb-2026", "0-Jan-2026", "1-Foo-2026", "1-Jan-26", "1-Jan", "Jan-1-2026", "1-Jan-20266"}) {
    parser in(text, '/');
    EXPECT_FALSE(in.date()) << text;
  }
}

TEST(ImapParser, ReadsDatesWithTimeAndZone) {
  using namespace std::chrono;
  parser in("\"17-Jul-1996 02:44:25 -0700\"", '/');
  EXPECT_EQ(in.date_time(), instant(sys_days(1996y / July / 17) + 9h + 44min + 25s));
  parser early("\" 1-Jan-2026 00:00:00 +0130\"", '/');
  EXPECT_EQ(early.date_time(), instant(sys_days(2025y / December / 31) + 22h + 30min));
  for (const char* text :
       {"17-Jul-1996 02:44:25 -0700", "\"17-Jul-1996 24:00:00 -0700\"", "\"17-Jul-1996 02:60:25 -0700\"",
        "\"17-Jul-1996 02:44:25\"", "\"17-Jul-1996 02:44:25 0700 \"", "\"7-Jul-1996 02:44:25 +0700\"",
        "\"17-Jul-1996 02:44:25 +9999\""}) {
    parser wrong(text, '/');
    EXPECT_FALSE(wrong.date_time()) << text;
  }
}

TEST(ImapParser, ReadsTagsByTheStandardsGrammar) {
  for (const char* text : {"A001", "a.b", "]", "x-y_z"}) {
    parser in(text, '/');
    EXPECT_EQ(in.tag(), text);
  }
  for (const char* text : {"", "+", "*", "(a", "\"a\"", "{1}", "%", "\\a", "\x7f", "caf\xc3\xa9"}) {
    parser in(text, '/');
    const auto tag = in.tag();
    EXPECT_FALSE(tag && in.at_end()) << text;
  }
}

TEST(ImapParser, KnowsALiteralThatHasNotCome) {
  parser message("(\\Seen) {12}\r\n", '/');
  ASSERT_TRUE(message.flags(false) && message.space());
  EXPECT_TRUE(message.at_last_literal());
  parser name("{5}\r\n", '/');
  EXPECT_FALSE(name.mailbox());
  EXPECT_TRUE(name.ran_into_last_literal());
}

TEST(ImapParser, RefusesModSequencesBeyond63Bits) {
  parser in("9223372036854775807 9223372036854775808", '/');
  EXPECT_EQ(in.number64(), uint64_t(INT64_MAX));
  EXPECT_TRUE(in.space());
  EXPECT_FALSE(in.number64());
}

} // namespace
} // namespace stagepost::imap
