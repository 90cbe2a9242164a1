#include "protocols/imap/sequence_set.hpp"
#include "tests/protocols/imap/logged_in.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace stagepost::imap {
namespace {

/// INBOX with as many messages, every second of which is gone.
struct half_gone : logged_in {
  explicit half_gone(uint32_t messages) : logged_in(messages) {
    std::vector<uid> doomed;
    for (uint32_t n = 1; n <= messages; n += 2) doomed.emplace_back(n);
    account.remove(account.mailboxes.at("INBOX"), doomed);
    say("a ENABLE QRESYNC\r\nb UNSELECT\r\n");
    client->most_at_once = client->longest_reply = 0;
  }
};

struct heard {
  std::vector<uint32_t> gone; ///< in the order in which they came
  size_t fetched = 0;
  size_t longest_line = 0;
};

heard listen(const std::string& output) {
  heard all;
  std::istringstream in(output);
  for (std::string line; std::getline(in, line);) {
    line.pop_back();
    all.longest_line = std::max(all.longest_line, line.size());
    all.fetched += line.find(" FETCH (UID ") != line.npos;
    const std::string_view mark = "* VANISHED (EARLIER) ";
    if (!line.starts_with(mark)) continue;
    const auto set = parse_sequence_set(line.substr(mark.size()));
    if (!set) throw std::runtime_error("no set: " + line);
    for (const number_range& range : set->ranges)
      for (uint32_t n = range.first; n <= range.last; ++n) all.gone.push_back(n);
  }
  return all;
}

void expect_every_second(const heard& all, uint32_t messages) {
  ASSERT_EQ(all.gone.size(), messages / 2);
  for (size_t i = 0; i < all.gone.size(); ++i) ASSERT_EQ(all.gone[i], 2 * i + 1);
}

TEST(ImapQresync, TellsMuchInLinesAndRepliesOfBoundedSize) {
  half_gone with(40'000);
  const heard all = listen(with.say("c SELECT INBOX (QRESYNC (100 2))\r\n"));
  expect_every_second(all, 40'000);
  EXPECT_EQ(all.fetched, 20'000u) << "what came after the second change and is still there";
  EXPECT_LT(all.longest_line, 16 * 1024u);
  EXPECT_LT(with.client->longest_reply, 128 * 1024u);
  EXPECT_LT(with.client->most_at_once, 512 * 1024u);
}

TEST(ImapQresync, TellsTheSameWithoutTheLog) {
  half_gone with(2000);
  with.account.mailboxes.at("INBOX").log_begins = 1000;
  expect_every_second(listen(with.say("c SELECT INBOX (QRESYNC (100 2))\r\n")), 2000);
  with.client->fail_reads = true;
  with.account.mailboxes.at("INBOX").log_begins = 0;
  expect_every_second(listen(with.say("d SELECT INBOX (QRESYNC (100 2))\r\n")), 2000);
}

TEST(ImapQresync, LeavesOutWhatTheClientHasProvedToKnow) {
  half_gone with(200);
  with.account.mailboxes.at("INBOX").log_begins = 1000;
  // Messages 1 to 40 are UIDs 2 to 80, as the client says; the 50th is not what it believes.
  const heard all =
      listen(with.say("c SELECT INBOX (QRESYNC (100 150 1:200 (20,40,50,60 40,80,99,120)))\r\n"));
  ASSERT_EQ(all.gone.size(), 60u);
  EXPECT_EQ(all.gone.front(), 81u);
}

TEST(ImapQresync, DoesNotTellOfArrivalsAsGone) {
  half_gone with(10);
  with.account.mailboxes.at("INBOX").log_begins = 1000;
  with.say("c SELECT INBOX\r\n");
  with.client->hold_updates = false;
  with.account.deliver("INBOX", "Subject: new\r\n\r\n", instant{});
  // It waits to be told; the comparison must not take its UID for one that is gone.
  const std::string said = with.say("d UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)\r\n");
  const heard all = listen(said);
  expect_every_second(all, 10);
  EXPECT_NE(said.find("* 6 EXISTS\r\n"), said.npos);
}

} // namespace
} // namespace stagepost::imap
