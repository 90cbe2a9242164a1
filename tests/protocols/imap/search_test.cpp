#include "tests/protocols/imap/logged_in.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

using depths = std::vector<read_depth>;

TEST(ImapSearch, ReadsNothingForWhatTheViewKnows) {
  logged_in with(100);
  EXPECT_TRUE(with.say("c SEARCH UNSEEN UID 90:* NOT DELETED MODSEQ 1\r\n").find("* SEARCH 90 91") !=
              std::string::npos);
  EXPECT_TRUE(with.client->reads.empty());
}

TEST(ImapSearch, ReadsInWholeOnlyWhatCheaperKeysLeave) {
  logged_in with(10);
  EXPECT_EQ(with.say("c SEARCH 3:5 TEXT body SUBJECT \"number 4\" LARGER 1\r\n"),
            "* SEARCH 4\r\nc OK SEARCH completed\r\n");
  EXPECT_EQ(with.client->reads, (depths{read_depth::facts, read_depth::digest, read_depth::whole}));
  EXPECT_EQ(with.client->messages_read, 3u + 3u + 1u);
}

TEST(ImapSearch, CopiesTheSavedResultOnlyAFewTimes) {
  logged_in with(10);
  with.say("c SEARCH RETURN (SAVE) 2:3\r\n");
  EXPECT_EQ(with.say("d SEARCH $ $ $ $ $ $ $ $\r\n"), "* SEARCH 2 3\r\nd OK SEARCH completed\r\n");
  EXPECT_TRUE(with.say("e SEARCH $ $ $ $ $ $ $ $ $\r\n").starts_with("e "));
}

TEST(ImapSearch, AsksAnIndexForAFewTextsOnly) {
  logged_in with(100);
  with.client->indexed_to = uid{100};
  std::string keys = "BODY body";
  for (int i = 0; i < 30; ++i) keys = "OR BODY none" + std::to_string(i) + " " + keys;
  EXPECT_TRUE(with.say("c SEARCH RETURN (COUNT) " + keys + "\r\n").find("COUNT 100") != std::string::npos);
  EXPECT_EQ(with.client->narrowed_by.size(), 16u);
}

TEST(ImapSearch, StopsReadingWhereAnAlternativeIsKnown) {
  logged_in with(10);
  EXPECT_EQ(with.say("c SEARCH OR 1:9 BODY body\r\n"),
            "* SEARCH 1 2 3 4 5 6 7 8 9 10\r\nc OK SEARCH completed\r\n");
  EXPECT_EQ(with.client->messages_read, 1u);
}

TEST(ImapSearch, KeepsItsOrderAcrossManyBatches) {
  logged_in with(500);
  std::string expected = "* SEARCH";
  for (int i = 1; i <= 500; ++i)
    if (i % 2 == 0 || std::to_string(i).find('7') != std::string::npos) expected += " " + std::to_string(i);
  std::string even;
  for (int i = 2; i <= 500; i += 2) even += (even.empty() ? "" : ",") + std::to_string(i);
  EXPECT_EQ(with.say("c SEARCH OR " + even + " SUBJECT 7\r\n"), expected + "\r\nc OK SEARCH completed\r\n");
}

TEST(ImapSearch, TellsManyFindingsInBoundedPieces) {
  logged_in with(60'000);
  const std::string told = with.say("c UID SEARCH ALL\r\n");
  EXPECT_TRUE(told.ends_with(" 59999 60000\r\nc OK UID SEARCH completed\r\n"));
  EXPECT_LE(with.client->most_at_once, 256u * 1024);
  EXPECT_EQ(
      with.say("d UID SEARCH RETURN (ALL MIN MAX COUNT) ALL\r\n"),
      "* ESEARCH (TAG \"d\") UID ALL 1:60000 MIN 1 MAX 60000 COUNT 60000\r\nd OK UID SEARCH completed\r\n");
}

TEST(ImapSearch, LimitsHowDeepAndHowManyKeysMayBe) {
  logged_in with(1);
  const auto nested = [](int depth) {
    return "c SEARCH " + std::string(size_t(depth), '(') + "ALL" + std::string(size_t(depth), ')') + "\r\n";
  };
  EXPECT_NE(with.say(nested(98)).find("c OK"), std::string::npos);
  EXPECT_NE(with.say(nested(101)).find("c BAD The command is too complex"), std::string::npos);
  std::string keys, not_keys = "c SEARCH ";
  for (int i = 0; i < 1000; ++i) keys += " ALL";
  for (int i = 0; i < 200; ++i) not_keys += "NOT ";
  EXPECT_NE(with.say("c SEARCH" + keys + "\r\n").find("c OK"), std::string::npos);
  EXPECT_NE(with.say("c SEARCH" + keys + " ALL\r\n").find("c BAD"), std::string::npos);
  EXPECT_NE(with.say(not_keys + "ALL\r\n").find("c BAD"), std::string::npos);
}

TEST(ImapSearch, TellsNothingWhereItCannotRead) {
  logged_in with(3);
  with.client->fail_reads = true;
  EXPECT_EQ(with.say("c SEARCH BODY absent\r\n"),
            "c NO [UNAVAILABLE] Temporary failure, try again later\r\n");
}

TEST(ImapSearch, PassesOverMessagesThatAreGone) {
  logged_in with(3);
  with.account.hidden = {2};
  EXPECT_NE(with.say("c SEARCH BODY body\r\n").find("* SEARCH 1 3\r\n"), std::string::npos);
}

TEST(ImapSearch, FindsDecodedTextInEveryPart) {
  logged_in with;
  with.account.deliver(
      "INBOX",
      "From: =?iso-8859-1?q?Ren=E9e?= <r@example.net>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
      "--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\n"
      "R3LIZSBuYWNoIEv2bG4=\r\n"
      "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: "
      "=?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\ninner\r\n--b--\r\n",
      instant{});
  const auto finds = [&](const std::string& key) {
    return with.say("c SEARCH CHARSET UTF-8 " + key + "\r\n").starts_with("* EXISTS") ||
           with.client->output.find("* SEARCH 1\r\n") != std::string::npos;
  };
  with.say("n NOOP\r\n");
  EXPECT_TRUE(finds("BODY {5+}\r\nK\xc3\x96ln"));
  EXPECT_TRUE(finds("FROM {6+}\r\nREN\xc3\x89"
                    "E"));
  EXPECT_TRUE(finds("BODY {7+}\r\nGR\xc3\x9cSSE"));
  EXPECT_TRUE(finds("TEXT {6+}\r\nren\xc3\xa9"
                    "e"));
  EXPECT_TRUE(finds("BODY inner"));
  EXPECT_FALSE(finds("BODY {6+}\r\nren\xc3\xa9"
                     "e"));
  EXPECT_FALSE(finds("BODY iso-8859"));
}

TEST(ImapSearch, StopsWhereTheRestWouldNotBeTold) {
  logged_in with(1000);
  const auto reads_for = [&](const char* wanted) {
    with.client->messages_read = 0;
    EXPECT_NE(with.say(bytes("c SEARCH RETURN (") + wanted + ") BODY body\r\n").find("c OK"),
              std::string::npos);
    return with.client->messages_read;
  };
  EXPECT_EQ(reads_for("MIN"), 64u);
  EXPECT_NE(with.client->output.find(" MIN 1\r\n"), std::string::npos);
  EXPECT_EQ(reads_for("PARTIAL 100:1"), 128u);
  EXPECT_NE(with.client->output.find(" PARTIAL (100:1 1:100)\r\n"), std::string::npos);
  EXPECT_EQ(reads_for("SAVE PARTIAL 1:10 MIN"), 64u);
  EXPECT_EQ(with.say("d SEARCH $\r\n"), "* SEARCH 1 2 3 4 5 6 7 8 9 10\r\nd OK SEARCH completed\r\n");
  for (const char* all : {"MIN MAX", "PARTIAL -1:-10", "MIN COUNT", "ALL", "SAVE", "PARTIAL 1:10 COUNT"})
    EXPECT_EQ(reads_for(all), 1000u) << all;
}

TEST(ImapSearch, SaysThatItIsAliveWhereItTakesLong) {
  // RFC 9585; 64 messages are read at a time.
  logged_in with(300);
  with.client->each_turn_takes = std::chrono::seconds(6);
  EXPECT_EQ(with.say("c SEARCH BODY absent\r\n"),
            "* OK [INPROGRESS (\"c\" 192 300)] Still at it\r\n* SEARCH\r\nc OK SEARCH completed\r\n");
  const std::string sorted = with.say("d SORT (SUBJECT) UTF-8 1:130\r\n");
  EXPECT_EQ(sorted.find("INPROGRESS"), sorted.npos) << "it took less than ten seconds";
  // OLDER means the same for the first message and the last.
  with.client->now = instant(std::chrono::seconds(86'410));
  EXPECT_NE(with.say("e SEARCH RETURN (COUNT) OLDER 86415\r\n").find("COUNT 0"), std::string::npos);
}

TEST(ImapSearch, RefusesToSaveWhatTakesTooMuchRoom) {
  logged_in with;
  fake_mailbox& box = with.account.mailboxes.at("INBOX");
  const auto mail = std::make_shared<const bytes>("\r\n");
  for (uint32_t i = 1; i <= 140'000; ++i) {
    fake_message& message = box.messages[i];
    message.uid = uid{i};
    if (i % 2) message.flags = flag_seen;
    message.modseq = modseq{1};
    message.content = mail;
  }
  box.uid_next = uid{140'001};
  with.say("c SELECT INBOX\r\nc SEARCH RETURN (SAVE) 1\r\n");
  EXPECT_EQ(with.say("d SEARCH RETURN (SAVE) SEEN\r\n"), "d NO [NOTSAVED] A limit would be exceeded\r\n");
  EXPECT_EQ(with.say("e SEARCH $\r\n"), "* SEARCH\r\ne OK SEARCH completed\r\n");
  // Neighbours take no room.
  EXPECT_EQ(with.say("f SEARCH RETURN (SAVE COUNT) ALL\r\n"),
            "* ESEARCH (TAG \"f\") COUNT 140000\r\nf OK SEARCH completed\r\n");
}

TEST(ImapSearch, FindsWhatTheComparatorTakesForEqual) {
  logged_in with;
  with.account.deliver("INBOX", "Subject: =?utf-8?q?Caf=C3=A9?=\r\n\r\nx\r\n", instant{});
  with.say("n NOOP\r\n");
  // RFC 5255 4.2: i;unicode-casemap decomposes, so the plain letter is found in the accented one.
  EXPECT_TRUE(with.say("c SEARCH SUBJECT CAFE\r\n").starts_with("* SEARCH 1\r\n"));
  EXPECT_TRUE(with.say("c SEARCH SUBJECT {6+}\r\ncafe\xcc\x81\r\n").starts_with("* SEARCH 1\r\n"));
}

TEST(ImapSearch, CountsDaysAsTheUsersClockDoes) {
  using namespace std::chrono_literals;
  const auto found = [](const char* zone, const char* key) {
    logged_in with;
    // Around midnight in Berlin, in New York, and in UTC.
    for (const auto at : {21h, 22h, 24h, 28h})
      with.account.deliver("INBOX", "\r\n", std::chrono::sys_days(2026y / 7 / 1) + at);
    with.client->session().use_time_zone(*mime::time_zone::find(zone));
    with.say("c NOOP\r\n");
    const auto said = with.say(bytes("d SEARCH ") + key + " 2-Jul-2026\r\n");
    return said.substr(0, said.find("\r\n"));
  };
  EXPECT_EQ(found("UTC", "ON"), "* SEARCH 3 4");
  EXPECT_EQ(found("UTC", "BEFORE"), "* SEARCH 1 2");
  EXPECT_EQ(found("Europe/Berlin", "ON"), "* SEARCH 2 3 4");
  EXPECT_EQ(found("Europe/Berlin", "SINCE"), "* SEARCH 2 3 4");
  EXPECT_EQ(found("Europe/Berlin", "BEFORE"), "* SEARCH 1");
  EXPECT_EQ(found("America/New_York", "SINCE"), "* SEARCH 4");
  EXPECT_EQ(found("America/New_York", "BEFORE"), "* SEARCH 1 2 3");
  EXPECT_EQ(found("Asia/Kolkata", "ON"), "* SEARCH 1 2 3 4");
}

TEST(ImapSearch, TakesNoOtherCharsetOnceAllIsUtf8) {
  logged_in with(1);
  const std::string sorted = "SORT (ARRIVAL) US-ASCII ALL", threaded = "THREAD REFERENCES US-ASCII ALL";
  EXPECT_NE(with.say("c " + sorted + "\r\n").find("c OK"), std::string::npos);
  with.say("d ENABLE UTF8=ACCEPT\r\n");
  for (const auto& each : {sorted, threaded})
    EXPECT_EQ(with.say("e " + each + "\r\n"), "e BAD Syntax error: all is UTF-8\r\n");
  EXPECT_EQ(with.say("f SORT (ARRIVAL) KOI8-R ALL\r\n"), "f BAD Syntax error: all is UTF-8\r\n");
  EXPECT_EQ(with.say("g SORT (ARRIVAL) \"utf-8\" ALL\r\n"), "* SORT 1\r\ng OK SORT completed\r\n");
}

TEST(ImapSearch, KnowsTheSelectedMailboxWhateverOthersCallIt) {
  logged_in with(3);
  with.account.add("Old");
  with.account.deliver("Old", "Subject: old\r\n\r\nbody\r\n", instant{});
  with.say("c SELECT Old\r\n");
  // Somebody else gives its name to another one.
  for (const auto& [from, to] : {std::pair{"Old", "Older"}, std::pair{"INBOX", "Old"}}) {
    auto node = with.account.mailboxes.extract(from);
    node.key() = node.mapped().info.name = to;
    with.account.mailboxes.insert(std::move(node));
  }
  EXPECT_EQ(with.say("d ESEARCH IN (personal) RETURN (COUNT) ALL\r\n"),
            "* ESEARCH (TAG \"d\" MAILBOX \"Old\" UIDVALIDITY 100) UID COUNT 3\r\n"
            "* ESEARCH (TAG \"d\" MAILBOX \"Older\" UIDVALIDITY 101) UID COUNT 1\r\n"
            "d OK ESEARCH completed\r\n");
  EXPECT_EQ(with.say("e ESEARCH IN (selected subscribed) RETURN (COUNT) ALL\r\n"),
            "* ESEARCH (TAG \"e\" MAILBOX \"Older\" UIDVALIDITY 101) UID COUNT 1\r\n"
            "e OK ESEARCH completed\r\n");
}

} // namespace
} // namespace stagepost::imap
