#include "protocols/imap/mailbox_name.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

TEST(ImapMailboxName, GoesThroughModifiedUtf7AndBack) {
  const std::pair<const char*, const char*> table[] = {
      {"INBOX", "INBOX"},
      {"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"},
      {"&AOk-valuations", "évaluations"},
      {"a&-b", "a&b"},
      {"&-", "&"},
      {"&AOkA6Q-", "éé"},
      {"&2D3eAA-", "😀"},
      {"Entw&APw-rfe &- mehr", "Entwürfe & mehr"},
  };
  for (const auto& [wire, name] : table) {
    EXPECT_EQ(decode_modified_utf7(wire), name) << wire;
    EXPECT_EQ(encode_modified_utf7(name), wire) << name;
  }
}

TEST(ImapMailboxName, RefusesEveryOtherWayToWriteAName) {
  for (const char* wire : {"&",           "a&",         "&AOk",
                           "&A-",         "&AO-",       "&AOl-",
                           "&AGE-",       "&AOk-&AOk-", "&U,BTFw-&ZeVnLIqe-",
                           "&2D0-",       "&3gA-",      "&2D0AYQ-",
                           "caf\xc3\xa9", "a\tb",       "a\x7f",
                           "&AAA-",       "&AAo-",      "&!-",
                           "&AOk=-",      "&AOkA-"})
    EXPECT_FALSE(decode_modified_utf7(wire)) << wire;
}

TEST(ImapMailboxName, WritesMalformedUtf8AsReplacement) {
  EXPECT_EQ(encode_modified_utf7("a\xff"), "a&,,0-");
}

TEST(ImapMailboxName, KnowsInboxInAnyCase) {
  EXPECT_EQ(canonical_name("inBox", '/'), "INBOX");
  EXPECT_EQ(canonical_name("inbox/Sub", '/'), "INBOX/Sub");
  EXPECT_EQ(canonical_name("inboxes", '/'), "inboxes");
  EXPECT_EQ(canonical_name("a/inbox", '/'), "a/inbox");
}

TEST(ImapMailboxName, LimitsWhatAFolderMayBeCalled) {
  EXPECT_TRUE(is_creatable_name("a/b c/é", '/'));
  EXPECT_TRUE(is_creatable_name(std::string(255, 'x'), '/'));
  EXPECT_FALSE(is_creatable_name(std::string(256, 'x'), '/'));
  std::string deep = "a";
  for (int i = 1; i < 20; ++i) deep += "/a";
  EXPECT_TRUE(is_creatable_name(deep, '/'));
  EXPECT_FALSE(is_creatable_name(deep + "/a", '/'));
  const std::string level(249, 'x');
  EXPECT_TRUE(is_creatable_name(level + "/" + level + "/" + level + "/" + level, '/'));
  EXPECT_FALSE(is_creatable_name(level + "/" + level + "/" + level + "/" + level + "xx", '/'));
  for (const char* bad : {"", "/", "a/", "/a", "a//b", "a*", "a%b", "a\nb", "\xc2\x85", "\xff"})
    EXPECT_FALSE(is_creatable_name(bad, '/')) << bad;
}

TEST(ImapMailboxName, MatchesListPatterns) {
  struct row {
    const char* name;
    const char* pattern;
    bool matches;
  };
  const row table[] = {
      {"INBOX", "*", true},
      {"INBOX", "inbox", true},
      {"INBOX", "%BoX", true},
      {"INBOX/a", "inbox/%", true},
      {"INBOX/a", "inbox", false},
      {"a/b/c", "*", true},
      {"a/b/c", "%", false},
      {"a/b/c", "a/%", false},
      {"a/b/c", "a/%/c", true},
      {"a/b/c", "a*c", true},
      {"a/b/c", "a%c", false},
      {"a/b/c", "%/%/%", true},
      {"abc", "a*b*c", true},
      {"abc", "abc%", true},
      {"abc", "abcd", false},
      {"abc", "ABC", false},
      {"", "*", true},
      {"abc", "", false},
      {"a/b", "%*", true},
      {"a.b", "a%b", true},
  };
  for (const row& each : table)
    EXPECT_EQ(matches_pattern(each.name, each.pattern, '/'), each.matches)
        << each.name << " by " << each.pattern;
}

TEST(ImapMailboxName, MatchesPatternsFullOfWildcardsWithoutBacktracking) {
  std::string pattern;
  for (int i = 0; i < 300; ++i) pattern += "*a";
  EXPECT_FALSE(matches_pattern(std::string(999, 'a') + "b", pattern, '/'));
}

} // namespace
} // namespace stagepost::imap
