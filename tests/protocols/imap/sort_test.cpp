#include "protocols/imap/commands/sort.hpp"

#include "protocols/imap/commands/base_subject.hpp"
#include "protocols/mime/collation.hpp"
#include "protocols/mime/date.hpp"
#include "tests/protocols/imap/logged_in.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace stagepost::imap {
namespace {

/// What a mail is made of, to be sorted the slow way.
struct plain_mail {
  std::string subject, from;
  instant sent_at, arrival;
  size_t size = 0;
};

using compare = std::function<int(const plain_mail&, const plain_mail&)>;

template <class Value>
int order(const Value& a, const Value& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int by_text(const std::string& a, const std::string& b) {
  return order(mime::casemap_key(a), mime::casemap_key(b));
}

const std::pair<const char*, compare> criteria[] = {
    {"ARRIVAL", [](const auto& a, const auto& b) { return order(a.arrival, b.arrival); }},
    {"DATE", [](const auto& a, const auto& b) { return order(a.sent_at, b.sent_at); }},
    {"SIZE", [](const auto& a, const auto& b) { return order(a.size, b.size); }},
    {"FROM", [](const auto& a, const auto& b) { return by_text(a.from, b.from); }},
    {"SUBJECT",
     [](const auto& a, const auto& b) {
       return by_text(extract_base_subject(a.subject).text, extract_base_subject(b.subject).text);
     }},
};

TEST(ImapSort, OrdersAsASlowSortDoes) {
  std::mt19937 random(5256);
  const auto below = [&](size_t limit) {
    return std::uniform_int_distribution<size_t>(0, limit - 1)(random);
  };
  const std::string subjects[] = {"a", "Re: a", "A", "b", "ab", "[x] b", "\xc3\x84", "", "\x7f", "zz (fwd)"};
  const std::string names[] = {"anna", "Bob", "bob", "carl", "an"};
  logged_in with;
  std::vector<plain_mail> mails;
  for (size_t i = 0; i < 300; ++i) {
    plain_mail mail;
    mail.subject = subjects[below(std::size(subjects))];
    mail.from = names[below(std::size(names))];
    mail.sent_at = instant(std::chrono::seconds(int64_t(below(10)) * 100'000'000));
    mail.arrival = instant(std::chrono::seconds(int64_t(below(10)) * 1000));
    const bytes content = "Subject: " + mail.subject + "\r\nFrom: " + mail.from + "@example.net\r\nDate: " +
                          mime::format_date({mail.sent_at, std::chrono::minutes(int(below(24)) * 60)}) +
                          "\r\n\r\n" + bytes(below(5), 'x');
    mail.size = content.size();
    with.account.deliver("INBOX", content, mail.arrival);
    mails.push_back(std::move(mail));
  }
  with.say("n NOOP\r\n");
  for (int round = 0; round < 60; ++round) {
    std::string wanted;
    std::vector<std::pair<compare, bool>> chosen;
    for (size_t i = 0; i <= below(4); ++i) {
      const auto& [name, how] = criteria[below(std::size(criteria))];
      const bool reverse = below(2) == 0;
      wanted += (wanted.empty() ? "" : " ") + std::string(reverse ? "REVERSE " : "") + name;
      chosen.emplace_back(how, reverse);
    }
    std::vector<size_t> expected(mails.size());
    for (size_t i = 0; i < mails.size(); ++i) expected[i] = i;
    std::stable_sort(expected.begin(), expected.end(), [&](size_t a, size_t b) {
      for (const auto& [how, reverse] : chosen)
        if (const int found = how(mails[a], mails[b])) return reverse ? found > 0 : found < 0;
      return false;
    });
    std::string line = "* SORT";
    for (const size_t each : expected) line += " " + std::to_string(each + 1);
    ASSERT_EQ(with.say("s SORT (" + wanted + ") UTF-8 ALL\r\n"), line + "\r\ns OK SORT completed\r\n")
        << wanted;
  }
}

TEST(ImapSort, ReadsNoDeeperThanItMust) {
  using depths = std::vector<read_depth>;
  logged_in with(10);
  with.say("c SORT (SIZE REVERSE ARRIVAL) UTF-8 ALL\r\n");
  EXPECT_EQ(with.client->reads, (depths{read_depth::facts}));
  with.client->reads.clear();
  with.client->messages_read = 0;
  with.say("c SORT (SUBJECT) UTF-8 3:5 LARGER 1\r\n");
  EXPECT_EQ(with.client->reads, (depths{read_depth::facts, read_depth::digest}));
  EXPECT_EQ(with.client->messages_read, 6u);
  // What was read to search is not read again to sort.
  with.client->reads.clear();
  with.say("c SORT (SUBJECT) UTF-8 SUBJECT number\r\n");
  EXPECT_EQ(with.client->reads, (depths{read_depth::digest}));
  with.client->reads.clear();
  with.say("c SORT (SUBJECT) UTF-8 ANSWERED\r\n");
  EXPECT_TRUE(with.client->reads.empty());
}

TEST(ImapSort, TellsManyMessagesInBoundedPieces) {
  logged_in with(20'000);
  const std::string told = with.say("c UID SORT (REVERSE ARRIVAL REVERSE SUBJECT) UTF-8 ALL\r\n");
  EXPECT_TRUE(told.starts_with("* SORT 9999 9998 9997 9996 ")) << told.substr(0, 100);
  EXPECT_TRUE(told.ends_with("\r\nc OK UID SORT completed\r\n"));
  EXPECT_EQ(std::count(told.begin(), told.end(), ' '), 20'001 + 4);
  EXPECT_LE(with.client->most_at_once, 256u * 1024);
}

TEST(ImapSort, PassesOverMessagesThatAreGone) {
  logged_in with(4);
  with.account.hidden = {2};
  EXPECT_EQ(with.say("c SORT (REVERSE SUBJECT) UTF-8 ALL\r\n"),
            "* SORT 4 3 1\r\nc OK [EXPUNGEISSUED] Some of the messages are gone\r\n");
}

TEST(ImapSort, SaysNoWhereItCannotRead) {
  logged_in with(4);
  with.client->fail_reads = true;
  EXPECT_EQ(with.say("c SORT (SUBJECT) UTF-8 ALL\r\n"),
            "c NO [UNAVAILABLE] Temporary failure, try again later\r\n");
}

} // namespace
} // namespace stagepost::imap
