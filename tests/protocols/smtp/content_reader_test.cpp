#include "protocols/smtp/content_reader.hpp"

#include <gtest/gtest.h>

#include <random>

namespace stagepost::smtp {
namespace {

struct reading {
  bytes content;
  bytes left;
  bool ended = false;
  bool bare = false;
  bool long_line = false;
  uint64_t size_bytes = 0;
  friend bool operator==(const reading&, const reading&) = default;
};

template <class NextSize>
reading read(bytes_view input, NextSize next_size, bare_newline bare, size_t max_line_bytes) {
  content_reader reader(bare, max_line_bytes);
  reading out;
  while (!input.empty() && !out.ended) {
    auto piece = input.substr(0, next_size());
    const auto size = piece.size();
    out.ended = reader.feed(piece, &out.content);
    input.remove_prefix(size - piece.size());
  }
  out.left = input;
  out.bare = reader.had_bare_newline();
  out.long_line = reader.had_long_line();
  out.size_bytes = reader.size_bytes();
  return out;
}

reading read_whole(bytes_view input, bare_newline bare = bare_newline::refuse, size_t max_line_bytes = 1000) {
  return read(
      input, [] { return size_t(-1); }, bare, max_line_bytes);
}

TEST(SmtpContentReader, TakesTransparencyDotsOff) {
  const auto got = read_whole("..a\r\nb\r\n...\r\n.c\r\n.\r\nQUIT");
  EXPECT_TRUE(got.ended);
  EXPECT_EQ(got.content, ".a\r\nb\r\n..\r\nc\r\n");
  EXPECT_EQ(got.left, "QUIT");
  EXPECT_FALSE(got.bare);
  EXPECT_EQ(got.size_bytes, got.content.size());
}

TEST(SmtpContentReader, EndsAnEmptyMessage) {
  const auto got = read_whole(".\r\n");
  EXPECT_TRUE(got.ended);
  EXPECT_EQ(got.content, "");
}

TEST(SmtpContentReader, TakesNoOtherNewlineForAnEnd) {
  for (const auto* text : {"a\n.\nb", "a\n.\r\nb", "a\r\n.\nb", "a\r.\rb", "a\r.\r\nb", "a\r\n.\rb",
                           "a\r\r\nb", "\n.\r\n", "a\r\n\n.\r\n", "a\n\r\nb"}) {
    const auto got = read_whole(text);
    EXPECT_FALSE(got.ended) << text;
    EXPECT_TRUE(got.bare) << text;
  }
}

TEST(SmtpContentReader, NormalisesBareNewlines) {
  EXPECT_EQ(read_whole("a\nb\rc\r\n.\r\n", bare_newline::normalise).content, "a\r\nb\r\nc\r\n");
  EXPECT_EQ(read_whole("a\n.\r\n", bare_newline::normalise).content, "a\r\n.\r\n");
  EXPECT_EQ(read_whole("a\r\r\n.\r\n", bare_newline::normalise).content, "a\r\n\r\n");
}

TEST(SmtpContentReader, WatchesTheLengthOfLines) {
  EXPECT_FALSE(read_whole("12345\r\n.\r\n", bare_newline::refuse, 5).long_line);
  EXPECT_TRUE(read_whole("123456\r\n.\r\n", bare_newline::refuse, 5).long_line);
  EXPECT_FALSE(read_whole(".12345\r\n.\r\n", bare_newline::refuse, 5).long_line);
  EXPECT_TRUE(read_whole("123456", bare_newline::refuse, 5).long_line);
}

TEST(SmtpContentReader, ReadsTheSameHoweverItIsCut) {
  std::mt19937 random(20261122);
  constexpr std::string_view alphabet = "\r\n\r\n\r\n..ab";
  for (int round = 0; round < 3000; ++round) {
    bytes text;
    for (int i = 0; i < 40; ++i) {
      if (random() % 3 == 0) text += "\r\n";
      text.push_back(alphabet[random() % alphabet.size()]);
    }
    const auto bare = round % 2 ? bare_newline::normalise : bare_newline::refuse;
    const auto whole = read(
        text, [] { return size_t(-1); }, bare, 4);
    EXPECT_EQ(read(
                  text, [] { return size_t(1); }, bare, 4),
              whole);
    EXPECT_EQ(read(
                  text, [&] { return size_t(1 + random() % 6); }, bare, 4),
              whole);
  }
}

} // namespace
} // namespace stagepost::smtp
