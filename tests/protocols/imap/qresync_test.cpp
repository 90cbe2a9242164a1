#include "protocols/imap/sequence_set.hpp"
#include "tests/protocols/imap/logged_in.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
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
  with.account.deliver("INBOX", "Subject: new\r\n\r\n", instant{});
  // It waits to be told; the comparison must not take its UID for one that is gone.
  const std::string said = with.say("d UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)\r\n");
  const heard all = listen(said);
  expect_every_second(all, 10);
  EXPECT_NE(said.find("* 6 EXISTS\r\n"), said.npos);
}

/// What a client that was away believes of the mailbox.
using cache = std::map<uint32_t, std::set<std::string>>;

void take_in(cache& known, const std::string& output) {
  for (const uint32_t gone : listen(output).gone) known.erase(gone);
  std::istringstream in(output);
  for (std::string line; std::getline(in, line);) {
    const size_t uid_at = line.find("(UID "), flags_at = line.find("FLAGS (");
    if (line.find(" FETCH (") == line.npos || uid_at == line.npos || flags_at == line.npos) continue;
    std::istringstream names(line.substr(flags_at + 7, line.find(')', flags_at) - flags_at - 7));
    auto& flags = known[uint32_t(std::stoul(line.substr(uid_at + 5)))];
    flags.clear();
    for (std::string name; names >> name;) flags.insert(name);
  }
}

uint64_t number_behind(const std::string& output, std::string_view word) {
  return std::stoull(output.substr(output.find(word) + word.size()));
}

TEST(ImapQresync, AClientThatComesBackAndAsksOnceKnowsAll) {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](int low, int high) {
      return std::uniform_int_distribution<int>(low, high)(random);
    };
    logged_in with(size_t(pick(0, 150)));
    fake_mailbox& box = with.account.mailboxes.at("INBOX");
    with.say("a ENABLE QRESYNC\r\n");
    cache known;
    take_in(known, with.say("b UID FETCH 1:* (FLAGS)\r\n"));
    for (int visit = 0; visit < 4; ++visit) {
      const std::string seen = with.say("c SELECT INBOX\r\nd UID FETCH 1:* (FLAGS)\r\n");
      take_in(known, seen);
      const uint64_t since = number_behind(seen, "[HIGHESTMODSEQ ");
      const uint32_t next = box.uid_next.value;
      with.say("e UNSELECT\r\n");
      for (int i = pick(0, 60); i > 0; --i) {
        const uid which{uint32_t(pick(1, int(box.uid_next.value)))};
        if (pick(0, 2) == 0) {
          with.account.deliver("INBOX", "Subject: x\r\n\r\n", instant{}, pick(0, 1) ? flag_seen : 0u);
        } else if (pick(0, 1)) {
          with.account.remove(box, {which});
        } else if (const auto at = box.messages.find(which.value); at != box.messages.end()) {
          at->second.flags ^= pick(0, 1) ? flag_flagged : flag_answered;
          at->second.modseq = modseq{++box.highest.value};
        }
      }
      box.log_begins = pick(0, 1) ? 0 : uint64_t(pick(1, int(box.highest.value)));
      const bool names_uids = !known.empty() && pick(0, 1);
      std::string parameters = std::to_string(box.validity.value) + " " + std::to_string(since);
      if (names_uids) parameters += " 1:" + std::to_string(known.rbegin()->first);
      take_in(known, with.say("f SELECT INBOX (QRESYNC (" + parameters + "))\r\n"));
      for (const auto& [number, flags] : known) {
        ASSERT_TRUE(box.messages.count(number)) << "seed " << seed << ": UID " << number << " is gone";
        const uint32_t truth = box.messages.at(number).flags;
        for (const auto& [bit, name] : {std::pair(flag_seen, "\\Seen"), std::pair(flag_flagged, "\\Flagged"),
                                        std::pair(flag_answered, "\\Answered")})
          ASSERT_EQ(flags.count(name) != 0, (truth & bit) != 0) << "seed " << seed << ": UID " << number;
      }
      for (const auto& [number, message] : box.messages) {
        if (number >= next) break;
        ASSERT_TRUE(known.count(number)) << "seed " << seed << ": UID " << number << " is lost";
      }
    }
  }
}

} // namespace
} // namespace stagepost::imap
