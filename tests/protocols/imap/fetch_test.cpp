#include "tests/protocols/imap/logged_in.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

size_t count_of(const std::string& text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

TEST(ImapFetch, TellsFlagsOfManyMessagesWithoutReadingAnyAndInBoundedPieces) {
  logged_in with(20'000);
  const std::string told = with.say("c FETCH 1:* (UID FLAGS MODSEQ)\r\n");
  EXPECT_EQ(count_of(told, " FETCH (UID "), 20'000u);
  EXPECT_TRUE(
      told.ends_with("* 20000 FETCH (UID 20000 FLAGS () MODSEQ (20001))\r\nc OK FETCH completed\r\n"));
  EXPECT_TRUE(with.client->reads.empty());
  EXPECT_LE(with.client->longest_reply, 128u * 1024);
  EXPECT_LE(with.client->most_at_once, 256u * 1024);
}

TEST(ImapFetch, ReadsOnlyAsDeepAsItMust) {
  const std::pair<const char*, read_depth> table[] = {
      {"RFC822.SIZE", read_depth::facts},
      {"INTERNALDATE", read_depth::facts},
      {"ENVELOPE", read_depth::digest},
      {"BODYSTRUCTURE", read_depth::digest},
      {"BODY.PEEK[]", read_depth::digest},
      {"BODY.PEEK[TEXT]", read_depth::digest},
      {"BODY.PEEK[HEADER]", read_depth::header},
      {"BODY.PEEK[HEADER.FIELDS (To)]", read_depth::header},
      {"BODY.PEEK[1.MIME]", read_depth::digest},
      {"BODY.PEEK[1.HEADER.FIELDS (To)]", read_depth::whole},
      {"(UID FLAGS RFC822.SIZE)", read_depth::facts},
  };
  for (const auto& [item, depth] : table) {
    logged_in with(1);
    with.say("c FETCH 1 " + std::string(item) + "\r\n");
    EXPECT_EQ(with.client->reads, std::vector<read_depth>{depth}) << item;
  }
}

TEST(ImapFetch, AsksForAtMost64MessagesAtOnce) {
  logged_in with(200);
  const std::string told = with.say("c FETCH 1:* (ENVELOPE)\r\n");
  EXPECT_EQ(count_of(told, "FETCH (ENVELOPE"), 200u);
  EXPECT_EQ(with.client->reads.size(), 4u);
}

TEST(ImapFetch, SendsABodyFromTheStoreAndALongHeaderToo) {
  logged_in with;
  const bytes body = "X-Long: " + bytes(100'000, 'x') + "\r\n\r\n" + bytes(100'000, 'y');
  with.account.deliver("INBOX", body, instant{});
  with.say("b NOOP\r\n");
  const std::string told = with.say("c FETCH * (BODY.PEEK[] BODY.PEEK[HEADER])\r\n");
  EXPECT_NE(told.find("BODY[] {" + std::to_string(body.size()) + "}\r\n" + body), std::string::npos);
  EXPECT_LE(with.client->longest_reply, 1000u);
}

TEST(ImapFetch, SkipsMessagesThatAreGoneAndSaysSo) {
  logged_in with(5);
  with.account.hidden = {2, 4};
  const std::string told = with.say("c FETCH 1:* (RFC822.SIZE)\r\n");
  EXPECT_EQ(count_of(told, "FETCH (RFC822.SIZE"), 3u);
  EXPECT_NE(told.find("c OK [EXPUNGEISSUED]"), std::string::npos);
}

TEST(ImapFetch, SaysNoWhenTheStoreCannotRead) {
  logged_in with(5);
  with.client->fail_reads = true;
  EXPECT_NE(with.say("c FETCH 1:* (ENVELOPE)\r\n").find("c NO [UNAVAILABLE]"), std::string::npos);
}

TEST(ImapFetch, SetsSeenOnceAndTellsTheOthers) {
  logged_in with(2);
  fake_connection other(with.account, {}, true);
  other.start();
  other.feed("a LOGIN joe secret\r\nb SELECT INBOX\r\n");
  EXPECT_NE(with.say("c FETCH 1 BODY[TEXT]\r\n").find("FLAGS (\\Seen))"), std::string::npos);
  EXPECT_EQ(with.say("d FETCH 1 BODY[TEXT]\r\n").find("FLAGS"), std::string::npos);
  other.output.clear();
  other.feed("c NOOP\r\n");
  EXPECT_EQ(other.output, "* 1 FETCH (FLAGS (\\Seen))\r\nc OK NOOP completed\r\n");
}

TEST(ImapFetch, RefusesSectionsAndListsBeyondItsLimits) {
  logged_in with(1);
  std::string section = "1";
  for (int i = 1; i < 100; ++i) section += ".1";
  EXPECT_NE(with.say("c FETCH 1 BODY.PEEK[" + section + "]\r\n").find("c OK"), std::string::npos);
  EXPECT_NE(with.say("c FETCH 1 BODY.PEEK[" + section + ".1]\r\n").find("c BAD"), std::string::npos);
  std::string items = "FLAGS";
  for (int i = 1; i <= 200; ++i) items += " BODY.PEEK[" + std::to_string(i) + "]";
  EXPECT_NE(with.say("c FETCH 1 (" + items + ")\r\n").find("c BAD"), std::string::npos);
}

TEST(ImapFetch, ChangesFlagsOfManyMessagesInBoundedQuestions) {
  logged_in with(10'000);
  const std::string told = with.say("c STORE 1:* +FLAGS (\\Flagged)\r\n");
  EXPECT_EQ(count_of(told, "FETCH (FLAGS (\\Flagged))"), 10'000u);
  EXPECT_LE(with.client->most_at_once, 512u * 1024);
  EXPECT_EQ(with.say("d STORE 1:* -FLAGS.SILENT (\\Flagged)\r\n"), "d OK STORE completed\r\n");
}

TEST(ImapFetch, TellsAMailboxFullOfNewsInBoundedPieces) {
  logged_in with(10'000);
  with.client->hold_updates = true;
  fake_connection other(with.account, {}, true);
  other.start();
  other.feed("a LOGIN joe secret\r\nb SELECT INBOX\r\nc STORE 1:* +FLAGS.SILENT (\\Deleted)\r\n");
  with.client->hold_updates = false;
  with.client->deliver_updates();
  const std::string changed = with.say("c NOOP\r\n");
  EXPECT_EQ(count_of(changed, "FETCH (FLAGS (\\Deleted))"), 10'000u);
  EXPECT_LE(with.client->most_at_once, 256u * 1024);
  other.feed("d EXPUNGE\r\n");
  EXPECT_EQ(count_of(with.say("d NOOP\r\n"), "* 1 EXPUNGE\r\n"), 10'000u);
}

TEST(ImapFetch, TellsInternalDatesOnTheUsersClock) {
  using namespace std::chrono_literals;
  logged_in with;
  const auto day = std::chrono::sys_days(2026y / 10 / 25); // 02:30 comes twice in Berlin
  for (const auto at : {0min, 30min, 90min, 150min}) with.account.deliver("INBOX", "\r\n", day + at);
  with.client->session().use_time_zone(*mime::time_zone::find("Europe/Berlin"));
  with.say("c NOOP\r\n");
  EXPECT_EQ(with.say("d FETCH 1:4 INTERNALDATE\r\n"),
            "* 1 FETCH (INTERNALDATE \"25-Oct-2026 02:00:00 +0200\")\r\n"
            "* 2 FETCH (INTERNALDATE \"25-Oct-2026 02:30:00 +0200\")\r\n"
            "* 3 FETCH (INTERNALDATE \"25-Oct-2026 02:30:00 +0100\")\r\n"
            "* 4 FETCH (INTERNALDATE \"25-Oct-2026 03:30:00 +0100\")\r\n"
            "d OK FETCH completed\r\n");
}

} // namespace
} // namespace stagepost::imap
