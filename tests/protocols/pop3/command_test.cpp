#include "protocols/pop3/command.hpp"

#include <gtest/gtest.h>

namespace stagepost::pop3 {
namespace {

TEST(Pop3Command, ReadsKeywordsInAnyCaseAndTheirArguments) {
  command got{};
  ASSERT_EQ(parse_command("tOp 12  3 ", got), command_fault::none);
  EXPECT_EQ(got.verb, verb::top);
  EXPECT_EQ(got.first, "12");
  EXPECT_EQ(got.second, "3");
}

TEST(Pop3Command, KeepsEverySpaceOfAPassword) {
  command got{};
  ASSERT_EQ(parse_command("PASS  a b ", got), command_fault::none);
  EXPECT_EQ(got.first, " a b ");
}

TEST(Pop3Command, TellsUnknownFromMalformed) {
  command got{};
  for (const auto* line : {"", " ", "LAST", "APOP a b", "RETRX 1", "STAT\t"})
    EXPECT_EQ(parse_command(line, got), command_fault::unknown) << line;
  for (const auto* line : {"RETR", "RETR 1 2", "TOP 1", "TOP 1 2 3", "STAT 1", "USER", "USER ", "QUIT now",
                           "USER a\x01", "AUTH a b c"})
    EXPECT_EQ(parse_command(line, got), command_fault::malformed) << line;
}

TEST(Pop3Command, RefusesNul) {
  command got{};
  EXPECT_EQ(parse_command(bytes_view("PASS a\0b", 8), got), command_fault::malformed);
}

} // namespace
} // namespace stagepost::pop3
