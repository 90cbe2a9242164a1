#include "protocols/imap/sequence_set.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

std::string resolved(std::string_view text, uint32_t largest) {
  const auto set = parse_sequence_set(text);
  if (!set) return "malformed";
  bytes out;
  write_ranges(out, resolve(*set, largest));
  return out;
}

TEST(ImapSequenceSet, MeansTheNumbersOfTheStandardsExamples) {
  EXPECT_EQ(resolved("2,4:7,9,12:*", 15), "2,4:7,9,12:15");
  EXPECT_EQ(resolved("*:4,5:7", 10), "4:10");
  EXPECT_EQ(resolved("3:1,2", 10), "1:3");
  EXPECT_EQ(resolved("1,2,3,7,5", 10), "1:3,5,7");
  EXPECT_EQ(resolved("4294967295,1:4294967295", 10), "1:4294967295");
}

TEST(ImapSequenceSet, HoldsTheLastMessageWhereTheRangeBeginsBehindIt) {
  EXPECT_EQ(resolved("559:*", 20), "20:559");
  EXPECT_EQ(resolved("*", 20), "20");
  EXPECT_EQ(resolved("*", 0), "");
}

TEST(ImapSequenceSet, RefusesWhatIsNoSet) {
  for (const char* text : {"", "0", "1,", ",1", "1,,2", "1:", ":1", "1:2:3", "01", "a", "4294967296", "-1",
                           "1 2", "0:*", "**", "1.5"})
    EXPECT_EQ(resolved(text, 10), "malformed") << text;
}

TEST(ImapSequenceSet, RefusesMoreRangesThanItHolds) {
  std::string text = "1";
  for (size_t i = 1; i < max_sequence_ranges; ++i) text += ",1";
  EXPECT_TRUE(parse_sequence_set(text));
  EXPECT_FALSE(parse_sequence_set(text + ",1"));
}

TEST(ImapSequenceSet, FindsNumbersAndCountsThem) {
  const number_ranges ranges = resolve(*parse_sequence_set("2,4:7,9"), 15);
  for (const uint32_t in : {2u, 4u, 5u, 7u, 9u}) EXPECT_TRUE(contains(ranges, in)) << in;
  for (const uint32_t out : {0u, 1u, 3u, 8u, 10u}) EXPECT_FALSE(contains(ranges, out)) << out;
  EXPECT_EQ(count(ranges), 6u);
}

TEST(ImapSequenceSet, WritesNumbersInTheOrderTheyCome) {
  bytes out;
  range_writer writer(out);
  for (const uint32_t number : {1u, 2u, 3u, 9u, 4u, 5u}) writer.add(number);
  writer.finish();
  EXPECT_EQ(out, "1:3,9,4:5");
}

} // namespace
} // namespace stagepost::imap
