#include "protocols/imap/namespaces.hpp"

#include "protocols/imap/mailbox_name.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

TEST(ImapNamespaces, LeaveOnesOwnNamesAlone) {
  for (const char* name : {"INBOX", "Other Usersx", "Other", "Shared Foldersx/a", "other users/ann/a"})
    EXPECT_FALSE(split_foreign(name, '/')) << name;
}

TEST(ImapNamespaces, NameTheUserAndHisFolder) {
  const auto whole = split_foreign("Other Users/ann/Work/2026", '/');
  ASSERT_TRUE(whole);
  EXPECT_FALSE(whole->is_public);
  EXPECT_EQ(whole->user, "ann");
  EXPECT_EQ(whole->inner, "Work/2026");
  EXPECT_EQ(foreign_name_of("ann", "Work/2026", '/'), "Other Users/ann/Work/2026");
  for (const char* above : {"Other Users", "Other Users/", "Other Users/ann", "Other Users/ann/"}) {
    const auto found = split_foreign(above, '/');
    ASSERT_TRUE(found) << above;
    EXPECT_TRUE(found->inner.empty()) << above;
  }
}

TEST(ImapNamespaces, GiveEachUserOneName) {
  for (const char* user : {"ann", "a/b", "50%", "*", "a=b", "ann@home", "\xc3\xbc"}) {
    const auto name = foreign_name_of(user, "F", '/');
    const auto found = split_foreign(name, '/');
    ASSERT_TRUE(found);
    EXPECT_EQ(found->user, user);
    EXPECT_EQ(found->inner, "F");
    EXPECT_EQ(name.find_first_of("*%"), name.npos);
  }
  EXPECT_TRUE(split_foreign("Other Users/a=6En/F", '/')->user.empty()) << "no second way to write ann";
  EXPECT_TRUE(split_foreign("Other Users/a=2/F", '/')->user.empty());
}

TEST(ImapNamespaces, KnowPublicFolders) {
  const auto found = split_foreign("Shared Folders/News", '/');
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->is_public);
  EXPECT_EQ(found->inner, "News");
  EXPECT_EQ(public_name_of("News", '/'), "Shared Folders/News");
}

TEST(ImapNamespaces, HaveAnInboxOfEachUser) {
  EXPECT_EQ(canonical_name("Other Users/ann/inbox", '/'), "Other Users/ann/INBOX");
  EXPECT_EQ(canonical_name("Other Users/ann/inbox/x", '/'), "Other Users/ann/INBOX/x");
  EXPECT_EQ(canonical_name("Other Users/inbox", '/'), "Other Users/inbox") << "a user of that name";
}

} // namespace
} // namespace stagepost::imap
