#include "protocols/pop3/line_reader.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace stagepost::pop3 {
namespace {

std::vector<bytes> lines_of(bytes_view input, size_t piece_bytes, size_t limit) {
  std::vector<bytes> found;
  line_reader reader;
  for (size_t at = 0; at < input.size(); at += piece_bytes) {
    reader.append(input.substr(at, piece_bytes));
    bytes_view line;
    for (auto got = reader.next(line, limit); got != line_reader::outcome::none;
         got = reader.next(line, limit))
      found.push_back(got == line_reader::outcome::line ? bytes(line) : "(too long)");
  }
  return found;
}

TEST(LineReader, CutsAtBothLineEndsHoweverTheInputComes) {
  for (size_t piece_bytes = 1; piece_bytes < 20; ++piece_bytes)
    EXPECT_EQ(lines_of("one\r\ntwo\n\r\nthr\ree\r\nunfinished", piece_bytes, 100),
              (std::vector<bytes>{"one", "two", "", "thr\ree"}));
}

TEST(LineReader, ReportsALongLineOnceAndGoesOnBehindIt) {
  for (size_t piece_bytes = 1; piece_bytes < 40; ++piece_bytes)
    EXPECT_EQ(lines_of("12345\r\n123456\r\n123456789012345\r\nok\r\n", piece_bytes, 5),
              (std::vector<bytes>{"12345", "(too long)", "(too long)", "ok"}));
}

TEST(LineReader, ForgetsAllWhenCleared) {
  line_reader reader;
  reader.append("one\r\ntwo");
  reader.clear();
  reader.append("three\r\n");
  bytes_view line;
  ASSERT_EQ(reader.next(line, 100), line_reader::outcome::line);
  EXPECT_EQ(line, "three");
}

} // namespace
} // namespace stagepost::pop3
