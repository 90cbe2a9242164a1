#include "protocols/imap/commands/thread_tree.hpp"

#include "protocols/imap/commands/thread_answer.hpp"
#include "tests/protocols/imap/logged_in.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace stagepost::imap {
namespace {

thread_message message(uint32_t sequence, std::string id, std::vector<std::string> references,
                       std::string subject = "", bool is_reply = false) {
  thread_message one;
  one.sequence = sequence;
  one.sent_at = instant(std::chrono::seconds(sequence));
  one.message_id = std::move(id);
  one.references = std::move(references);
  one.subject = std::move(subject);
  one.is_reply_or_forward = is_reply;
  return one;
}

void write(std::string& out, const thread_tree& tree, const std::vector<uint32_t>& nodes) {
  for (uint32_t node : nodes) {
    out += '(';
    for (;;) {
      const auto& [sequence, children] = tree.nodes[node];
      if (sequence) out += std::to_string(sequence);
      if (sequence && !children.empty()) out += ' ';
      if (children.size() != 1) {
        write(out, tree, children);
        break;
      }
      node = children.front();
    }
    out += ')';
  }
}

std::string threads(std::vector<thread_message> messages) {
  const thread_tree tree = thread_by_references(std::move(messages));
  std::string out;
  write(out, tree, tree.roots);
  return out;
}

TEST(ImapThread, LinksMessagesToWhatTheyReferTo) {
  EXPECT_EQ(threads({}), "");
  EXPECT_EQ(threads({message(1, "a", {}), message(2, "b", {"a"}), message(3, "c", {"a", "b"})}), "(1 2 3)");
  EXPECT_EQ(threads({message(1, "a", {}), message(2, "b", {"a"}), message(3, "c", {"a"})}), "(1 (2)(3))");
  // The shape of the example in RFC 5256 4.
  EXPECT_EQ(threads({message(2, "2", {}), message(3, "3", {}), message(4, "4", {"3", "6"}),
                     message(6, "6", {"3"}), message(7, "7", {"3", "6", "44"}), message(23, "23", {"4"}),
                     message(44, "44", {"6"}), message(96, "96", {"7"})}),
            "(2)(3 6 (4 23)(44 7 96))");
}

TEST(ImapThread, PutsADummyWhereSeveralReferToWhatIsNotThere) {
  EXPECT_EQ(threads({message(1, "b", {"a"}), message(2, "c", {"a"})}), "((1)(2))");
  EXPECT_EQ(threads({message(1, "b", {"a"})}), "(1)");
  // What is missing in between is passed over.
  EXPECT_EQ(threads({message(1, "a", {}), message(2, "c", {"a", "b"}), message(3, "d", {"a", "b"})}),
            "(1 (2)(3))");
  EXPECT_EQ(threads({message(1, "c", {"a", "b"}), message(2, "d", {"a", "x"})}), "((1)(2))");
}

TEST(ImapThread, BelievesItsOwnLastReferenceMost) {
  // The first message of others' references linked c to a; c itself knows better.
  EXPECT_EQ(threads({message(1, "a", {}), message(2, "b", {}), message(3, "d", {"a", "c"}),
                     message(4, "c", {"b"})}),
            "(1)(2 4 3)");
  EXPECT_EQ(threads({message(1, "a", {}), message(2, "d", {"a", "c"}), message(3, "c", {})}), "(1)(3 2)");
}

TEST(ImapThread, ClosesNoLoops) {
  EXPECT_EQ(threads({message(1, "a", {"a"})}), "(1)");
  EXPECT_EQ(threads({message(1, "a", {"b"}), message(2, "b", {"a"})}), "(2 1)");
  EXPECT_EQ(threads({message(1, "a", {"c", "b"}), message(2, "b", {"a", "c"}), message(3, "c", {"b", "a"})}),
            "(3 2 1)");
}

TEST(ImapThread, TakesASecondMessageOfTheSameIdForAnother) {
  EXPECT_EQ(threads({message(1, "a", {}), message(2, "a", {}), message(3, "b", {"a"})}), "(1 3)(2)");
  EXPECT_EQ(threads({message(1, "", {}), message(2, "", {})}), "(1)(2)");
}

TEST(ImapThread, JoinsThreadsOfOneSubject) {
  // Step 5.C: a reply goes below what it may answer, equals below a dummy.
  EXPECT_EQ(threads({message(1, "a", {}, "S"), message(2, "b", {}, "S", true)}), "(1 2)");
  EXPECT_EQ(threads({message(1, "a", {}, "S", true), message(2, "b", {}, "S")}), "(2 1)");
  EXPECT_EQ(threads({message(1, "a", {}, "S"), message(2, "b", {}, "S")}), "((1)(2))");
  EXPECT_EQ(threads({message(1, "a", {}, "S", true), message(2, "b", {}, "S", true)}), "((1)(2))");
  EXPECT_EQ(threads({message(1, "a", {}, "S"), message(2, "b", {}, "S"), message(3, "c", {}, "S")}),
            "((1)(2)(3))");
  EXPECT_EQ(threads({message(1, "a", {}), message(2, "b", {})}), "(1)(2)"); // no subject
  EXPECT_EQ(threads({message(1, "a", {"x"}, "S"), message(2, "b", {"x"}, "T"), message(3, "c", {}, "S")}),
            "((1)(2)(3))");
  EXPECT_EQ(threads({message(1, "a", {"x"}, "S"), message(2, "b", {"x"}, "T"), message(3, "c", {"y"}, "S"),
                     message(4, "d", {"y"}, "U")}),
            "((1)(2)(3)(4))");
  // Only threads are joined, not messages inside of them.
  EXPECT_EQ(threads({message(1, "a", {}, "R"), message(2, "b", {"a"}, "S"), message(3, "c", {}, "S")}),
            "(1 2)(3)");
}

TEST(ImapThread, HasEachMessageOnceWhateverTheyReferTo) {
  std::mt19937 random(1997);
  const auto below = [&](uint32_t limit) {
    return std::uniform_int_distribution<uint32_t>(0, limit - 1)(random);
  };
  for (int round = 0; round < 300; ++round) {
    const uint32_t size = 1 + below(40);
    std::vector<thread_message> messages;
    for (uint32_t i = 1; i <= size; ++i) {
      auto one = message(i, std::to_string(below(50)), {},
                         below(3) ? "" : std::string(1, char('A' + below(4))), below(2) == 0);
      one.sent_at = instant(std::chrono::seconds(below(20)));
      for (uint32_t n = below(5); n > 0; --n) one.references.push_back(std::to_string(below(50)));
      messages.push_back(std::move(one));
    }
    const auto given = messages;
    const auto before = [&](uint32_t a, uint32_t b) {
      const auto &one = given[a - 1], &other = given[b - 1];
      return std::pair(one.sent_at, one.sequence) < std::pair(other.sent_at, other.sequence);
    };
    for (const bool by_subject : {false, true}) {
      const thread_tree tree = by_subject ? thread_by_subject(messages) : thread_by_references(messages);
      std::set<uint32_t> seen;
      std::vector<std::pair<std::vector<uint32_t>, bool>> open{{tree.roots, true}};
      while (!open.empty()) {
        const auto [nodes, top] = std::move(open.back());
        open.pop_back();
        uint32_t last = 0;
        for (const uint32_t node : nodes) {
          const auto& [sequence, children] = tree.nodes[node];
          if (sequence == 0) {
            ASSERT_TRUE(top);
            ASSERT_GE(children.size(), 2u);
          }
          const uint32_t shown = sequence ? sequence : tree.nodes[children.front()].sequence;
          ASSERT_NE(shown, 0u);
          if (sequence) {
            ASSERT_TRUE(seen.insert(sequence).second);
          }
          if (last) {
            ASSERT_TRUE(before(last, shown)) << last << " " << shown;
          }
          last = shown;
          open.push_back({children, false});
        }
      }
      ASSERT_EQ(seen.size(), size);
    }
  }
}

TEST(ImapThread, LimitsHowDeepItGoes) {
  std::vector<thread_message> messages;
  for (uint32_t i = 1; i <= 20'000; ++i)
    messages.push_back(message(i, std::to_string(i), {std::to_string(i - 1)}));
  const thread_tree tree = thread_by_references(std::move(messages));
  EXPECT_GE(tree.roots.size(), 19u);
  EXPECT_LE(tree.roots.size(), 21u);
}

TEST(ImapThread, WritesLongThreadsInBoundedPieces) {
  logged_in with;
  for (int i = 0; i < 30'000; ++i)
    with.account.deliver("INBOX", "Subject: one\r\nMessage-ID: <" + std::to_string(i) + "@x>\r\n\r\n",
                         instant(std::chrono::seconds(i)));
  with.say("n NOOP\r\n");
  const std::string told = with.say("c THREAD ORDEREDSUBJECT UTF-8 ALL\r\n");
  EXPECT_TRUE(told.starts_with("* THREAD (1 (2)(3)(4)(5)")) << told.substr(0, 100);
  EXPECT_TRUE(told.ends_with("(29999)(30000))\r\nc OK THREAD completed\r\n"));
  EXPECT_LE(with.client->most_at_once, 256u * 1024);
}

TEST(ImapThread, ReadsMessageIds) {
  using ids = std::vector<std::string>;
  EXPECT_EQ(read_message_ids("<a@x> <b@x>"), (ids{"a@x", "b@x"}));
  EXPECT_EQ(read_message_ids("Your mail of <a@x>, and <b@x>"), (ids{"a@x", "b@x"}));
  // RFC 5256 3: quoting makes no difference.
  EXPECT_EQ(read_message_ids("<\"01KF8JCEOCBS0045PS\"@xxx.yyy.com>"),
            (ids{"01KF8JCEOCBS0045PS@xxx.yyy.com"}));
  EXPECT_EQ(read_message_ids("<\"a>\\\"b\"@x>"), (ids{"a>\"b@x"}));
  EXPECT_EQ(read_message_ids("<a\r\n @x>"), (ids{"a@x"}));
  EXPECT_EQ(read_message_ids("<a> <@x> <a@> <> <b@x"), (ids{}));
  EXPECT_EQ(read_message_ids("<a <b@x>"), (ids{"b@x"}));
  EXPECT_EQ(read_message_ids("<a@x><b@x><c@x><d@x>", 2), (ids{"a@x", "d@x"}));
}

} // namespace
} // namespace stagepost::imap
