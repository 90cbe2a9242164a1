#include "protocols/pop3/dot_stuffing.hpp"

#include <gtest/gtest.h>

namespace stagepost::pop3 {
namespace {

bytes stuffed(bytes_view message, size_t piece_bytes) {
  bytes out;
  dot_stuffing writer;
  for (size_t at = 0; at < message.size(); at += piece_bytes)
    writer.write(message.substr(at, piece_bytes), out);
  writer.finish(out);
  return out;
}

TEST(DotStuffing, WritesTheSameHoweverTheMessageIsCut) {
  const struct {
    bytes_view message;
    bytes_view wire;
  } table[] = {
      {"", ".\r\n"},
      {"a\r\n", "a\r\n.\r\n"},
      {".", "..\r\n.\r\n"},
      {".\r\n", "..\r\n.\r\n"},
      {"a", "a\r\n.\r\n"},
      {"a\r", "a\r\r\n.\r\n"},
      {"a\n", "a\n\r\n.\r\n"},
      {"\r\n.\r\n.\r\n", "\r\n..\r\n..\r\n.\r\n"},
      {"a.\r\n.b.\r\n", "a.\r\n..b.\r\n.\r\n"},
  };
  for (const auto& row : table)
    for (size_t piece_bytes = 1; piece_bytes <= row.message.size() + 1; ++piece_bytes)
      EXPECT_EQ(stuffed(row.message, piece_bytes), row.wire) << piece_bytes;
}

TEST(DotStuffing, NeverShowsAClientThatSplitsAtNewlinesAnEarlyEnd) {
  EXPECT_EQ(stuffed("a\n.\r\n+OK forged\r\n", 100), "a\n..\r\n+OK forged\r\n.\r\n");
}

} // namespace
} // namespace stagepost::pop3
