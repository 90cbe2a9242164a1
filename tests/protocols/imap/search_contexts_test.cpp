#include "protocols/imap/search_contexts.hpp"

#include "tests/protocols/imap/logged_in.hpp"

#include <gtest/gtest.h>

#include <random>
#include <sstream>

namespace stagepost::imap {
namespace {

/// The results of a context as a client keeps them by what it is told.
struct client_results {
  std::vector<uint32_t> uids;
  bool sorted = false;

  /// Carries out the ADDTO and REMOVEFROM of this tag in a list of responses.
  void take(const std::string& said, const std::string& tag) {
    const std::string begin = "* ESEARCH (TAG \"" + tag + "\") UID ";
    std::istringstream lines(said);
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with(begin)) continue;
      const bool adds = line.compare(begin.size(), 5, "ADDTO") == 0;
      ASSERT_TRUE(adds || line.compare(begin.size(), 10, "REMOVEFROM") == 0) << line;
      const size_t open = line.find('(', begin.size());
      std::istringstream words(line.substr(open + 1, line.rfind(')') - open - 1));
      for (size_t position; words >> position;) {
        std::string set;
        ASSERT_TRUE(words >> set);
        ASSERT_EQ(position > 0, sorted) << line;
        const auto uids = parse_sequence_set(set);
        ASSERT_TRUE(uids) << line;
        for (const number_range& range : uids->ranges)
          for (uint32_t uid = range.first; uid <= range.last; ++uid)
            adds ? add(position, uid) : remove(position, uid);
      }
    }
  }

  void add(size_t position, uint32_t uid) {
    ASSERT_LE(position, uids.size() + 1);
    if (!sorted) position = size_t(std::lower_bound(uids.begin(), uids.end(), uid) - uids.begin()) + 1;
    uids.insert(uids.begin() + ptrdiff_t(position - 1), uid);
  }

  void remove(size_t position, uint32_t uid) {
    if (!sorted) position = size_t(std::lower_bound(uids.begin(), uids.end(), uid) - uids.begin()) + 1;
    ASSERT_LE(position, uids.size());
    ASSERT_EQ(uids[position - 1], uid);
    uids.erase(uids.begin() + ptrdiff_t(position - 1));
  }
};

std::vector<uint32_t> numbers_in(const std::string& said, const std::string& begin) {
  std::vector<uint32_t> numbers;
  std::istringstream words(said.substr(said.find(begin) + begin.size()));
  for (uint32_t number; words >> number;) numbers.push_back(number);
  return numbers;
}

TEST(ImapSearchContexts, TellsWhatASearchWouldFind) {
  std::mt19937 random(5267);
  const auto below = [&](uint32_t limit) {
    return std::uniform_int_distribution<uint32_t>(0, limit - 1)(random);
  };
  logged_in with(100);
  client_results flags, texts, sorted;
  sorted.sorted = true;
  const std::string keys[] = {"UNSEEN", "SUBJECT 1 UNFLAGGED", "NOT SEEN NOT DRAFT"};
  with.say("f UID SEARCH RETURN (UPDATE) " + keys[0] + "\r\n");
  with.say("t UID SEARCH RETURN (UPDATE) " + keys[1] + "\r\n");
  with.say("s UID SORT RETURN (UPDATE) (REVERSE SUBJECT SIZE) UTF-8 " + keys[2] + "\r\n");
  flags.uids = numbers_in(with.say("x UID SEARCH " + keys[0] + "\r\n"), "* SEARCH");
  texts.uids = numbers_in(with.say("x UID SEARCH " + keys[1] + "\r\n"), "* SEARCH");
  sorted.uids = numbers_in(with.say("x UID SORT (REVERSE SUBJECT SIZE) UTF-8 " + keys[2] + "\r\n"), "* SORT");
  ASSERT_EQ(sorted.uids.size(), 100u);

  fake_mailbox& box = with.account.mailboxes.at("INBOX");
  bool idles = false;
  for (int round = 0; round < 400 && !HasFatalFailure(); ++round) {
    std::string said;
    const std::string uid = std::to_string(1 + below(box.uid_next.value));
    switch (below(idles ? 5 : 8)) {
    case 0:
    case 1: {
      with.client->output.clear();
      for (uint32_t n = below(3); n > 0; --n)
        with.account.deliver("INBOX", "Subject: number " + std::to_string(below(200)) + "\r\n\r\nnew\r\n",
                             instant{});
      said = with.client->output;
      break;
    }
    case 2: {
      with.client->output.clear();
      with.account.remove(box, {stagepost::uid{uint32_t(std::stoul(uid))}});
      said = with.client->output;
      break;
    }
    case 3: {
      const auto at = box.messages.find(uint32_t(std::stoul(uid)));
      if (at == box.messages.end()) break;
      at->second.flags ^= flag_seen;
      at->second.modseq = modseq{++box.highest.value};
      with.client->output.clear();
      with.account.tell(box, {at->second.uid});
      said = with.client->output;
      break;
    }
    case 4:
      said = with.say(idles ? "DONE\r\n" : "i IDLE\r\n");
      idles = !idles;
      break;
    case 5: said = with.say("c UID STORE " + uid + ":* +FLAGS.SILENT (\\Seen)\r\n"); break;
    case 6: said = with.say("c UID STORE 1:" + uid + " FLAGS (\\Flagged)\r\n"); break;
    case 7: said = with.say("c FETCH 1:* FLAGS\r\n"); break;
    }
    flags.take(said, "f");
    texts.take(said, "t");
    sorted.take(said, "s");
    if (round % 10 != 9) continue;
    if (std::exchange(idles, false))
      said = with.say("DONE\r\n");
    else
      said = with.say("n NOOP\r\n");
    flags.take(said, "f");
    texts.take(said, "t");
    sorted.take(said, "s");
    ASSERT_EQ(flags.uids, numbers_in(with.say("x UID SEARCH " + keys[0] + "\r\n"), "* SEARCH"));
    ASSERT_EQ(texts.uids, numbers_in(with.say("x UID SEARCH " + keys[1] + "\r\n"), "* SEARCH"));
    ASSERT_EQ(sorted.uids,
              numbers_in(with.say("x UID SORT (REVERSE SUBJECT SIZE) UTF-8 " + keys[2] + "\r\n"), "* SORT"));
  }
}

TEST(ImapSearchContexts, ReadsOnlyWhatIsNew) {
  logged_in with(1000);
  with.say("c UID SEARCH RETURN (UPDATE COUNT) BODY body\r\n");
  with.client->messages_read = 0;
  with.account.deliver("INBOX", "Subject: x\r\n\r\nbody\r\n", instant{});
  EXPECT_NE(with.say("n NOOP\r\n")
                .find("* 1001 EXISTS\r\nn OK NOOP completed\r\n"
                      "* ESEARCH (TAG \"c\") UID ADDTO (0 1001)\r\n"),
            std::string::npos);
  EXPECT_EQ(with.client->messages_read, 1u);
  EXPECT_EQ(with.say("n NOOP\r\n"), "n OK NOOP completed\r\n");
}

TEST(ImapSearchContexts, GivesUpWhatItCannotRead) {
  logged_in with(10);
  with.say("c UID SEARCH RETURN (UPDATE COUNT) BODY body\r\n");
  with.client->fail_reads = true;
  with.account.deliver("INBOX", "Subject: x\r\n\r\nbody\r\n", instant{});
  EXPECT_NE(with.say("n NOOP\r\n").find("* NO [NOUPDATE \"c\"] "), std::string::npos);
  with.account.deliver("INBOX", "Subject: x\r\n\r\nbody\r\n", instant{});
  EXPECT_EQ(with.say("n NOOP\r\n"), "* 12 EXISTS\r\nn OK NOOP completed\r\n");
}

TEST(ImapSearchContexts, TellsManyChangesInBoundedPieces) {
  logged_in with(40'000);
  with.say("c UID SORT RETURN (UPDATE COUNT) (REVERSE ARRIVAL) UTF-8 UNSEEN\r\n");
  with.client->most_at_once = 0;
  const std::string said = with.say("d UID STORE 1:* +FLAGS.SILENT (\\Seen)\r\n");
  EXPECT_NE(said.find("* ESEARCH (TAG \"c\") UID REMOVEFROM (1 1 1 2 1 3 "), said.npos);
  EXPECT_NE(said.find(" 1 40000)\r\n"), said.npos);
  EXPECT_LE(with.client->most_at_once, 256u * 1024);
}

TEST(ImapSearchContexts, RefusesToFollowTooManyResults) {
  logged_in with(120'000);
  EXPECT_TRUE(with.say("c UID SEARCH RETURN (UPDATE COUNT) ALL\r\n").starts_with("* NO [NOUPDATE \"c\"] "));
  EXPECT_NE(with.client->output.find("COUNT 120000\r\nc OK"), std::string::npos);
  EXPECT_FALSE(with.say("c UID SEARCH RETURN (UPDATE COUNT) UID 1:10\r\n").starts_with("* NO"));
}

} // namespace
} // namespace stagepost::imap
