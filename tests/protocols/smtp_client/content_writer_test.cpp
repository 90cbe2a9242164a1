#include "protocols/smtp_client/content_writer.hpp"

#include "protocols/smtp/content_reader.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace stagepost::smtp_client {
namespace {

bool is_clean(bytes_view text, size_t cut) {
  newline_guard guard;
  while (!text.empty()) {
    const auto piece = text.substr(0, cut);
    guard.feed(piece);
    text.remove_prefix(piece.size());
  }
  return guard.finish();
}

TEST(SmtpClientContentWriter, FindsBareNewlinesHoweverTheyAreCut) {
  for (size_t cut : {1, 2, 3, 100}) {
    for (const std::string_view good : {"", "a", "a\r\n", "\r\n", "\r\n\r\n", "a\r\nb\r\nc"})
      EXPECT_TRUE(is_clean(good, cut)) << good << cut;
    for (const std::string_view bad :
         {"\n", "\r", "a\n", "a\r", "a\rb", "\r\r\n", "a\r\n\n", "\n\r", "a\r\n\rb\r\n", "a\r\rb"})
      EXPECT_FALSE(is_clean(bad, cut)) << bad << cut;
  }
}

TEST(SmtpClientContentWriter, WritesWhatTheServersReaderTakesApart) {
  std::mt19937 random(20261122);
  for (int round = 0; round < 500; ++round) {
    bytes content;
    for (int i = 0; i < 40; ++i) content += std::array{"a", ".", "..", "\r\n"}[random() % 4];
    content += "\r\n";
    bytes wire;
    dot_writer writer;
    for (bytes_view rest = content; !rest.empty();) {
      const auto piece = rest.substr(0, 1 + random() % 5);
      writer.feed(piece, wire);
      rest.remove_prefix(piece.size());
    }
    writer.finish(wire);
    smtp::content_reader reader(smtp::bare_newline::refuse, 1000);
    bytes got;
    bytes_view input = wire;
    ASSERT_TRUE(reader.feed(input, &got)) << round;
    EXPECT_TRUE(input.empty()) << round;
    EXPECT_EQ(got, content) << round;
  }
}

} // namespace
} // namespace stagepost::smtp_client
