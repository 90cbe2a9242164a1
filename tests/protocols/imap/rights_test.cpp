#include "protocols/imap/rights.hpp"

#include "protocols/base/mailbox_page.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

TEST(ImapRights, AreReadAndWrittenAsLetters) {
  EXPECT_EQ(to_letters(all_rights), "lrswipkxteacd");
  EXPECT_EQ(to_standard_letters(all_rights), "lrswipkxtea");
  EXPECT_EQ(parse_rights("lrswipkxtea"), all_rights);
  EXPECT_EQ(to_letters(*parse_rights("sl")), "ls");
  EXPECT_EQ(to_letters(rights{}), "");
  EXPECT_FALSE(parse_rights("lrq"));
  EXPECT_FALSE(parse_rights("L"));
  EXPECT_FALSE(parse_rights("l "));
}

TEST(ImapRights, KeepTheObsoleteLettersOfRfc2086) {
  EXPECT_EQ(parse_rights("c"), rights_of(right::create, right::remove));
  EXPECT_EQ(parse_rights("d"), rights_of(right::mark, right::expunge));
  EXPECT_EQ(to_letters(*parse_rights("k")), "kc") << "any member brings it";
  EXPECT_EQ(to_letters(*parse_rights("e")), "ed");
}

TEST(ImapRights, SayWhichFlagsMayBeSet) {
  EXPECT_EQ(settable_flags(rights_of(right::seen)), uint32_t(flag_seen));
  EXPECT_EQ(settable_flags(rights_of(right::mark)), uint32_t(flag_deleted));
  EXPECT_EQ(settable_flags(rights_of(right::write)) & (flag_seen | flag_deleted | flag_draft),
            uint32_t(flag_draft));
  EXPECT_EQ(settable_flags(rights_of(right::read, right::insert)), 0u);
}

} // namespace
} // namespace stagepost::imap
