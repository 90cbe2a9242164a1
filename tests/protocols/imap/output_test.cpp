#include "protocols/imap/output.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

TEST(ImapOutput, JoinsTextBetweenOtherActions) {
  output out;
  out.text() += "a";
  out.text() += "b";
  out.add(send_body{uid{1}, 0, 5});
  out.text() += "c";
  const actions list = out.take();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(std::get<reply>(list[0]).text, "ab");
  EXPECT_EQ(std::get<reply>(list[2]).text, "c");
  EXPECT_TRUE(out.empty());
}

TEST(ImapOutput, BeginsAnotherReplyBeforeOneGrowsTooLong) {
  output out;
  for (int i = 0; i < 300; ++i) out.text() += bytes(1024, 'x');
  EXPECT_TRUE(out.has_enough());
  EXPECT_EQ(out.waiting(), 300u * 1024);
  size_t sum = 0;
  for (const action& each : out.take()) {
    EXPECT_LE(std::get<reply>(each).text.size(), output::piece_bytes + 1024);
    sum += std::get<reply>(each).text.size();
  }
  EXPECT_EQ(sum, 300u * 1024);
  EXPECT_EQ(out.waiting(), 0u);
}

} // namespace
} // namespace stagepost::imap
