#include "tests/protocols/imap/logged_in.hpp"

#include "protocols/search/words.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

namespace stagepost::imap {
namespace {

/// 40 messages, of which an index knows the first 30.
struct indexed : logged_in {
  indexed() : logged_in(0) {
    for (int i = 1; i <= 40; ++i)
      account.deliver("INBOX",
                      "From: sender" + std::to_string(i) + "@example.com\r\nSubject: number " +
                          std::to_string(i) +
                          "\r\nX-Note: red green\r\nDKIM-Signature: b=abcdef\r\n\r\nbody of " +
                          (i % 10 == 0 ? "ten fold" : "no tenfold") + "\r\n",
                      instant{});
    say("n NOOP\r\n");
    client->indexed_to = uid{30};
  }
};

TEST(ImapSearchNarrow, ReadsOnlyWhatTheIndexDoesNotKnow) {
  indexed with;
  EXPECT_EQ(
      with.say("c SEARCH BODY tenf\r\n"),
      "* SEARCH 1 2 3 4 5 6 7 8 9 11 12 13 14 15 16 17 18 19 21 22 23 24 25 26 27 28 29 31 32 33 34 35 36 37 "
      "38 39\r\nc OK SEARCH completed\r\n");
  EXPECT_EQ(with.client->messages_read, 10u);
}

TEST(ImapSearchNarrow, ReadsThoseThatHaveTheWordsOfAPhrase) {
  indexed with;
  EXPECT_EQ(with.say("c SEARCH 1:30 BODY \"ten fo\"\r\n"), "* SEARCH 10 20 30\r\nc OK SEARCH completed\r\n");
  EXPECT_EQ(with.client->messages_read, 3u);
  EXPECT_EQ(with.say("d SEARCH 1:30 HEADER X-Note green SUBJECT \"number 7\"\r\n"),
            "* SEARCH 7\r\nd OK SEARCH completed\r\n");
  EXPECT_EQ(with.client->messages_read, 5u) << "number 7 in its digest and header only";
}

TEST(ImapSearchNarrow, KnowsWithoutReadingAlsoUnderNotAndOr) {
  indexed with;
  EXPECT_EQ(with.say("c SEARCH 1:30 NOT BODY tenfold\r\n"), "* SEARCH 10 20 30\r\nc OK SEARCH completed\r\n");
  EXPECT_EQ(with.say("d SEARCH 1:30 OR FROM sender3@ SUBJECT 25\r\n"),
            "* SEARCH 3 25\r\nd OK SEARCH completed\r\n");
  EXPECT_EQ(with.client->messages_read, 2u) << "sender3 and sender30 have the word 'sender3@' begins with";
}

TEST(ImapSearchNarrow, AsksForNothingTheIndexCannotKnow) {
  indexed with;
  with.say("c SEARCH BODY \"--\" HEADER Subject \"\" HEADER DKIM-Signature abc UNSEEN\r\n");
  EXPECT_TRUE(with.client->narrowed_by.empty());
  EXPECT_NE(with.say("d SEARCH HEADER DKIM-Signature abc\r\n").find(" 40\r\n"), std::string::npos);
  logged_in small(16);
  small.client->indexed_to = uid{16};
  small.say("c SEARCH SUBJECT body\r\n");
  EXPECT_TRUE(small.client->narrowed_by.empty());
}

TEST(ImapSearchNarrow, AsksOfFewMessagesWhatIsInTheirDocuments) {
  for (const char* keys : {"TEXT body", "FUZZY BODY body"}) {
    logged_in small(2);
    small.client->indexed_to = uid{2};
    small.say("c SEARCH SUBJECT x " + std::string(keys) + "\r\n");
    EXPECT_EQ(small.client->narrowed_by.size(), 2u) << keys;
  }
}

TEST(ImapSearchNarrow, AsksAgainOfWhatAContextFollows) {
  logged_in with(2);
  with.say("c UID SEARCH RETURN (UPDATE) BODY body\r\n");
  with.client->narrowed_by.clear();
  with.account.deliver("INBOX", "Subject: x\r\n\r\nbody\r\n", instant{});
  EXPECT_NE(with.say("n NOOP\r\n").find("UID ADDTO (0 3)"), std::string::npos);
  EXPECT_EQ(with.client->narrowed_by.size(), 1u);
}

TEST(ImapSearchNarrow, FindsStemsWithoutReading) {
  indexed with;
  EXPECT_EQ(with.say("c SEARCH RETURN (ALL RELEVANCY) 1:3 FUZZY SUBJECT \"numbers 7\"\r\n"),
            "* ESEARCH (TAG \"c\") ALL 1:3 RELEVANCY (75 75 75)\r\nc OK SEARCH completed\r\n")
      << "the 7 says nothing beside a longer word";
  EXPECT_EQ(with.say("d SEARCH 1:30 FUZZY BODY folded\r\n"),
            "* SEARCH 10 20 30\r\nd OK SEARCH completed\r\n");
  EXPECT_EQ(with.say("e SEARCH 1:30 NOT FUZZY BODY folds\r\n").find(" 10 "), std::string::npos);
  EXPECT_EQ(with.client->messages_read, 0u);
  EXPECT_EQ(with.say("f SEARCH FUZZY BODY folded\r\n"), "* SEARCH 10 20 30 40\r\nf OK SEARCH completed\r\n");
  EXPECT_EQ(with.client->messages_read, 10u);
}

TEST(ImapSearchNarrow, ConfirmsFuzzyHeadersByReading) {
  indexed with;
  EXPECT_EQ(with.say("c SEARCH 1:30 FUZZY HEADER X-Note number\r\n"),
            "* SEARCH\r\nc OK SEARCH completed\r\n");
  EXPECT_EQ(with.client->messages_read, 30u);
}

TEST(ImapSearchNarrow, LooksAtMessagesTooLargeToBeIndexedWhole) {
  indexed with;
  with.client->word_limits.words = 3;
  EXPECT_EQ(with.say("c SEARCH BODY \"ten fold\"\r\n"), "* SEARCH 10 20 30 40\r\nc OK SEARCH completed\r\n");
}

std::vector<bytes> corpus() {
  std::vector<bytes> found;
  size_t octets = 0;
  for (const char* folder : {"/tests/data/mime", "/tests/data/fuzz/mime", "/tests/data/fuzz/search",
                             "/../shared/data/mime-torture", "/../shared/data/spam-ham"}) {
    const std::string root = std::string(STAGEPOST_SOURCE_DIR) + folder;
    if (!std::filesystem::exists(root)) {
      std::printf("%s is not here: compared without it\n", folder);
      continue;
    }
    for (const auto& each : std::filesystem::recursive_directory_iterator(root)) {
      if (!each.is_regular_file() || each.file_size() > 60'000 || found.size() >= 400 || octets > 4'000'000)
        continue;
      std::ifstream in(each.path(), std::ios::binary);
      found.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
      octets += found.back().size();
    }
  }
  return found;
}

/// Parts of what the messages say, most of them cut without regard to words.
std::vector<std::string> needles(const std::vector<bytes>& messages) {
  std::mt19937 random(3);
  std::vector<std::string> all;
  while (all.size() < 150) {
    const bytes& message = messages[random() % messages.size()];
    const auto digest = mime::make_digest(message);
    const auto text = search::header_text(bytes_view(message).substr(0, digest.header_size)) +
                      search::body_text(digest, [&](mime::extent where) {
                        return bytes_view(message).substr(where.offset, where.size);
                      });
    if (text.empty()) continue;
    size_t begin = random() % text.size();
    size_t end = std::min(text.size(), begin + 1 + random() % (all.size() % 5 == 0 ? 60 : 9));
    while (begin < text.size() && (uint8_t(text[begin]) & 0xc0) == 0x80) ++begin;
    while (end < text.size() && (uint8_t(text[end]) & 0xc0) == 0x80) ++end;
    std::string needle = text.substr(begin, end - begin);
    if (!needle.empty() && needle.find('\0') == needle.npos && is_utf8(needle))
      all.push_back(std::move(needle));
  }
  return all;
}

TEST(ImapSearchNarrow, FindsTheSameAsReadingEverything) {
  const auto messages = corpus();
  ASSERT_GT(messages.size(), 20u);
  logged_in read, narrow;
  for (logged_in* each : {&read, &narrow}) {
    for (const bytes& message : messages) each->account.deliver("INBOX", message, instant{});
    each->say("n NOOP\r\n");
  }
  narrow.client->indexed_to = uid{uint32_t(messages.size() - messages.size() / 10)};
  narrow.client->word_limits = {8'000, 3'000}; // some messages go beyond
  // Of FUZZY the scores are compared, too.
  const char* const forms[] = {"TEXT ",
                               "BODY ",
                               "SUBJECT ",
                               "FROM ",
                               "NOT TEXT ",
                               "OR CC x TO ",
                               "HEADER Received ",
                               "SUBJECT e BODY ",
                               "FUZZY TEXT ",
                               "FUZZY SUBJECT ",
                               "FUZZY HEADER Received ",
                               "FUZZY OR FROM x TO ",
                               "SUBJECT e NOT FUZZY BODY "};
  size_t form = 0, found = 0;
  for (const std::string& needle : needles(messages)) {
    const std::string keys = forms[form++ % std::size(forms)];
    const bool fuzzy = keys.find("FUZZY") != keys.npos;
    const std::string command = std::string("c SEARCH ") + (fuzzy ? "RETURN (ALL RELEVANCY) " : "") +
                                "CHARSET UTF-8 " + keys + "{" + std::to_string(needle.size()) + "+}\r\n" +
                                needle + "\r\n";
    const auto expected = read.say(command);
    ASSERT_EQ(narrow.say(command), expected) << needle;
    found += expected.find("SEARCH ") < expected.find("c OK");
  }
  EXPECT_GT(found, 50u);
  EXPECT_LT(narrow.client->messages_read * 2, read.client->messages_read);
}

} // namespace
} // namespace stagepost::imap
