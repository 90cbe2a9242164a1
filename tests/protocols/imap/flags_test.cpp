#include "protocols/imap/flags.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

TEST(ImapFlags, KnowsSystemFlagsInAnyCaseAndKeepsKeywordsAsWritten) {
  flag_list list;
  for (const char* name : {"\\seen", "\\Draft", "$Forwarded", "$forwarded", "\\recent"})
    EXPECT_TRUE(add_flag(list, name)) << name;
  EXPECT_FALSE(add_flag(list, "\\Starred"));
  EXPECT_FALSE(add_flag(list, ""));
  EXPECT_EQ(list.flags, flag_seen | flag_draft);
  EXPECT_EQ(list.keywords, std::vector<std::string>{"$Forwarded"});
}

TEST(ImapFlags, FindsTheBitsOfKeywordsInAnyCase) {
  const std::vector<std::string> mailbox = {"$Junk", "Work", "later"};
  EXPECT_EQ(keyword_bits({"work", "LATER", "absent"}, mailbox), 6u);
}

TEST(ImapFlags, WritesThemInOneOrder) {
  bytes out;
  write_flag_names(out, flag_seen | flag_answered, 5, {"a", "b", "c"});
  EXPECT_EQ(out, "\\Answered \\Seen a c");
}

} // namespace
} // namespace stagepost::imap
