#include "protocols/pop3/top_lines.hpp"

#include <gtest/gtest.h>

namespace stagepost::pop3 {
namespace {

bytes top(bytes_view message, uint64_t lines, size_t piece_bytes) {
  bytes out;
  top_lines cutter(lines);
  for (size_t at = 0; at < message.size(); at += piece_bytes)
    out += cutter.take(message.substr(at, piece_bytes));
  return out;
}

TEST(TopLines, TakesHeaderEmptyLineAndAsManyLines) {
  const bytes_view message = "A: b\r\nC: d\r\n\r\none\r\n\r\nthree\r\nfour";
  for (size_t piece_bytes = 1; piece_bytes < 40; ++piece_bytes) {
    EXPECT_EQ(top(message, 0, piece_bytes), "A: b\r\nC: d\r\n\r\n");
    EXPECT_EQ(top(message, 2, piece_bytes), "A: b\r\nC: d\r\n\r\none\r\n\r\n");
    EXPECT_EQ(top(message, 4, piece_bytes), message);
    EXPECT_EQ(top(message, 1000, piece_bytes), message);
  }
}

TEST(TopLines, TakesAllOfAMessageWithoutABody) {
  EXPECT_EQ(top("A: b\r\n", 0, 2), "A: b\r\n");
  EXPECT_EQ(top("\r\nbody\r\n", 0, 1), "\r\n");
}

TEST(TopLines, EndsAHeaderWithBareNewlines) { EXPECT_EQ(top("A: b\n\none\ntwo\n", 1, 3), "A: b\n\none\n"); }

TEST(TopLines, DoesNotTakeALineOfCarriageReturnsForTheEndOfTheHeader) {
  EXPECT_EQ(top("A: b\r\n\r\r\nC: d\r\n\r\nbody\r\n", 0, 1), "A: b\r\n\r\r\nC: d\r\n\r\n");
}

} // namespace
} // namespace stagepost::pop3
