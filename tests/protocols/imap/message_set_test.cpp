#include "protocols/imap/commands/message_set.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

TEST(ImapMessageSet, WalksOverEveryNumberOnce) {
  std::vector<uint32_t> seen;
  for (message_walk walk({{2, 4}, {7, 7}, {9, 10}}); !walk.at_end(); ++walk) seen.push_back(*walk);
  EXPECT_EQ(seen, (std::vector<uint32_t>{2, 3, 4, 7, 9, 10}));
}

TEST(ImapMessageSet, WalksOverNothing) {
  EXPECT_TRUE(message_walk().at_end());
  EXPECT_TRUE(message_walk(number_ranges{}).at_end());
}

} // namespace
} // namespace stagepost::imap
