#include "storage/word_index.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/verify.hpp"
#include "storage/word_leaf.hpp"
#include "tests/storage/store_fixture.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace stagepost::storage {
namespace {

constexpr mailbox_id folder{7};

using found_uids = std::set<uint32_t>;

found_uids uids_of(const std::vector<uid_run>& runs) {
  found_uids all;
  for (const auto& run : runs)
    for (uint32_t id = run.first; id <= run.last; ++id) all.insert(id);
  return all;
}

class WordIndex : public store_fixture {
protected:
  batch_writer writer() {
    return [this](std::shared_ptr<batch> b) -> result<done> {
      if (writes_left_ == 0) return failure<errc>{errc::io_error, "cut off"};
      --writes_left_;
      return commit(*b);
    };
  }

  /// Puts messages into the folder: one page for each 64 UIDs.
  void keep(const found_uids& all) {
    batch b(*store_);
    std::map<uint32_t, mailbox_page> pages;
    for (uint32_t number = 0; number <= 40; ++number) pages[number].number = number;
    for (const uint32_t id : all) pages[id / uids_per_page].entries.push_back({uid{id}, 0, 0, modseq{1}});
    for (const auto& [number, page] : pages) put_page(b, folder, page);
    must_commit(b);
  }

  void add(const std::map<uint32_t, std::vector<std::string>>& messages, const found_uids& partial = {}) {
    word_gatherer gathered;
    uid last;
    for (const auto& [id, words] : messages) {
      gathered.begin(uid{id});
      for (const auto& word : words) gathered.add(word_field::body, word);
      if (partial.contains(id)) gathered.set_partial();
      last = uid{id};
    }
    const auto added = add_word_segment(*store_, folder, gathered, last, writer());
    ASSERT_TRUE(added) << added.error().detail;
  }

  word_answer ask(std::vector<bytes> patterns, bool exact = true,
                  word_field_set fields = bit_of(word_field::body)) {
    auto found = search_words(*store_, folder, {{fields, std::move(patterns), exact}}, reach::disk);
    EXPECT_TRUE(found) << found.error().detail;
    return found ? *found : word_answer{{}, std::vector<word_hits>(1)};
  }

  word_index_state state() { return *read_word_index(*store_, folder, reach::disk); }

  size_t rows() {
    size_t count = 0;
    EXPECT_TRUE(
        store_->scan(family::word_index, key::mailbox(folder), {}, reach::disk, [&](bytes_view, bytes_view) {
          ++count;
          return true;
        }));
    return count;
  }

  size_t writes_left_ = SIZE_MAX;
};

using namespace std::string_literals;

TEST_F(WordIndex, OfANewFolderSaysNothing) {
  EXPECT_EQ(state(), word_index_state{});
  EXPECT_EQ(ask({"x"}).indexed_to, uid{});
}

TEST_F(WordIndex, FindsPartsOfWordsAndTheirEnds) {
  add({{3, {"invoice", "march"}}, {4, {"voice"}}, {9, {"invoices", "may"}}});
  EXPECT_EQ(uids_of(ask({"voice"}).hits[0].sure), (found_uids{3, 4, 9}));
  EXPECT_EQ(uids_of(ask({"\0voice"s}).hits[0].sure), (found_uids{4}));
  EXPECT_EQ(uids_of(ask({"invoice\0"s}).hits[0].sure), (found_uids{3}));
  EXPECT_EQ(uids_of(ask({"\0voice\0"s}).hits[0].sure), (found_uids{4}));
  EXPECT_EQ(uids_of(ask({"voice", "\0ma"s}).hits[0].sure), (found_uids{3, 9}));
  EXPECT_EQ(uids_of(ask({"emarch"}).hits[0].sure), found_uids{});
  EXPECT_EQ(ask({"x"}).indexed_to, uid{9});
}

TEST_F(WordIndex, SaysWhatIsSureAndWhatMustBeLookedAt) {
  add({{1, {"a"}}, {2, {"b"}}, {3, {"a"}}}, {2, 3});
  EXPECT_EQ(uids_of(ask({"a"}).hits[0].sure), (found_uids{1, 3}));
  EXPECT_EQ(uids_of(ask({"a"}).hits[0].maybe), (found_uids{2}));
  EXPECT_EQ(uids_of(ask({"a"}, false).hits[0].maybe), (found_uids{1, 2, 3}));
  EXPECT_TRUE(ask({"a"}, false).hits[0].sure.empty());
  EXPECT_EQ(ask({}, false).hits[0].maybe, (std::vector<uid_run>{{1, 3}}));
}

TEST_F(WordIndex, FindsByTheWordsOfDocumentsAlone) {
  word_gatherer gathered;
  gathered.begin(uid{1});
  gathered.add(word_field::body, "see");
  gathered.add(word_field::document, "invoice");
  gathered.add(word_field::document, "march");
  gathered.begin(uid{2}); // one word here, one there
  gathered.add(word_field::body, "invoice");
  gathered.add(word_field::document, "march");
  gathered.begin(uid{3});
  gathered.add(word_field::document, "invoice");
  gathered.set_partial();
  ASSERT_TRUE(add_word_segment(*store_, folder, gathered, uid{3}, writer()));
  const auto look = [&](std::vector<bytes> patterns, bool exact) {
    word_question question{bit_of(word_field::body), std::move(patterns), exact};
    question.documents = true;
    return search_words(*store_, folder, {question}, reach::disk)->hits.at(0);
  };
  EXPECT_EQ(uids_of(look({"voice"}, true).sure), (found_uids{1, 2, 3}));
  EXPECT_EQ(uids_of(look({"invoice\0"s, "\0march"s}, false).sure), found_uids{1});
  EXPECT_EQ(uids_of(look({"invoice\0"s, "\0march"s}, false).maybe), found_uids{3});
  EXPECT_EQ(uids_of(ask({"march"}).hits[0].sure), found_uids{}) << "who does not ask for them";

  word_question graded{word_field_set(bit_of(word_field::body) | bit_of(word_field::document)),
                       {"invoice"},
                       true,
                       {[](word_field, std::string_view) { return uint8_t(100); }}};
  const auto found = search_words(*store_, folder, {graded}, reach::disk)->hits.at(0);
  EXPECT_EQ(uids_of(found.sure), (found_uids{1, 2, 3})) << "3 is known in part, but its documents have it";
  EXPECT_TRUE(found.maybe.empty());
}

TEST_F(WordIndex, GradesWordsThatHaveThePattern) {
  add({{1, {"meeting"}},
       {2, {"meetings", "noon"}},
       {3, {"meet"}},
       {4, {"noon"}},
       {5, {"other"}},
       {6, {"meeting"}}},
      {5, 6});
  size_t graded = 0;
  const auto by_length = [&](word_field field, std::string_view word) {
    EXPECT_EQ(field, word_field::body);
    EXPECT_EQ(word.find('\0'), word.npos);
    ++graded;
    return uint8_t(word == "meet" ? 0 : 100 - word.size());
  };
  word_question question{bit_of(word_field::body), {"ee"}, true, {by_length}};
  auto hits = search_words(*store_, folder, {question}, reach::disk)->hits[0];
  EXPECT_EQ(hits.scores, (std::vector<scored_run>{{1, 1, 93}, {2, 2, 92}}));
  EXPECT_EQ(uids_of(hits.sure), (found_uids{1, 2}));
  EXPECT_EQ(uids_of(hits.maybe), (found_uids{5, 6})) << "not all of their words are known";
  EXPECT_EQ(graded, 3u);

  question.patterns.push_back("\0"s); // any word
  question.graders.push_back(
      [](word_field, std::string_view word) { return uint8_t(word == "noon" ? 50 : 0); });
  hits = search_words(*store_, folder, {question}, reach::disk)->hits[0];
  EXPECT_EQ(hits.scores, (std::vector<scored_run>{{2, 2, 71}})) << "the mean of both";

  question.exact = false;
  hits = search_words(*store_, folder, {question}, reach::disk)->hits[0];
  EXPECT_TRUE(hits.sure.empty());
  EXPECT_TRUE(hits.scores.empty());
  EXPECT_EQ(uids_of(hits.maybe), (found_uids{2, 5, 6}));
}

TEST_F(WordIndex, KeepsFieldsApart) {
  word_gatherer gathered;
  gathered.begin(uid{5});
  gathered.add(word_field::subject, "hello");
  gathered.add(word_field::header, "hello");
  gathered.begin(uid{6});
  gathered.add(word_field::body, "hello");
  ASSERT_TRUE(add_word_segment(*store_, folder, gathered, uid{8}, writer()));
  EXPECT_EQ(uids_of(ask({"hello"}, true, bit_of(word_field::subject)).hits[0].sure), (found_uids{5}));
  EXPECT_EQ(uids_of(ask({"hello"}, true, bit_of(word_field::body)).hits[0].sure), (found_uids{6}));
  EXPECT_EQ(uids_of(ask({"hello"}, true, bit_of(word_field::body) | bit_of(word_field::header)).hits[0].sure),
            (found_uids{5, 6}));
  EXPECT_EQ(state().indexed_to, uid{8});
}

TEST_F(WordIndex, AgreesWithTheWordsThemselvesHoweverItIsMerged) {
  std::mt19937 random(11);
  std::map<uint32_t, std::vector<std::string>> all;
  found_uids kept;
  const auto word = [&] {
    std::string text;
    // Some words nearly everybody has, many that one has.
    const size_t size = random() % 4 == 0 ? 1 : 2 + random() % 5;
    for (size_t i = 0; i < size; ++i) text += char('a' + random() % (size == 1 ? 3 : 20));
    return text;
  };
  uint32_t id = 0;
  for (int pass = 0; pass < 60; ++pass) {
    std::map<uint32_t, std::vector<std::string>> messages;
    for (size_t i = 1 + random() % 40; i > 0; --i) {
      id += 1 + random() % 2;
      auto& words = messages[id];
      for (size_t n = random() % 60; n > 0; --n) words.push_back(word());
      kept.insert(id);
    }
    all.insert(messages.begin(), messages.end());
    add(messages);
    keep(kept);
    while (true) {
      const auto now = state();
      const auto [first, count] = segments_to_merge(now, 4);
      if (count == 0) break;
      ASSERT_TRUE(merge_word_segments(*store_, folder, first, count, writer()));
      ASSERT_EQ(state().segments.size(), now.segments.size() - count + 1);
    }
    // Some go.
    for (int n = 0; n < 3; ++n) kept.erase(1 + random() % id);
    keep(kept);
  }
  const auto now = state();
  EXPECT_LT(now.segments.size(), 20u);
  EXPECT_LT(now.messages(), all.size());
  for (size_t i = 1; i < now.segments.size(); ++i) EXPECT_LT(now.segments[i - 1].last, now.segments[i].first);
  for (int round = 0; round < 300; ++round) {
    auto needle = word().substr(0, 1 + random() % 3);
    found_uids expected;
    for (const auto& [number, words] : all)
      if (kept.contains(number) && std::any_of(words.begin(), words.end(), [&](const auto& each) {
            return each.find(needle) != each.npos;
          }))
        expected.insert(number);
    found_uids found;
    for (const uint32_t each : uids_of(ask({needle}).hits[0].sure))
      if (kept.contains(each)) found.insert(each);
    ASSERT_EQ(found, expected) << needle;
  }
}

TEST_F(WordIndex, LooksIntoNoSegmentOfWhichTooLittleCanBeGone) {
  std::map<uint32_t, std::vector<std::string>> messages;
  for (uint32_t id = 1; id <= 16; ++id) messages[id] = {"all"};
  add(messages);
  keep({1, 2, 3});
  batch b(*store_);
  batch_access::remove(b, family::word_index,
                       word_row_key(folder, state().segments[0].number, index_row::messages));
  must_commit(b);
  EXPECT_EQ(*wasteful_segment(*store_, folder, state(), 1), 1u) << "an eighth of sixteen is two";
  EXPECT_FALSE(wasteful_segment(*store_, folder, state(), 2)) << "the row is gone";
}

TEST_F(WordIndex, IsVerified) {
  std::map<uint32_t, std::vector<std::string>> messages;
  for (uint32_t id = 1; id <= 16; ++id) messages[id] = {"all"};
  add(messages);
  batch counters(*store_);
  put_counters(counters, folder, {uid{17}, modseq{2}, 0, 0, 0, 0, {}});
  must_commit(counters);
  EXPECT_TRUE(verify(*store_, {})->sound());
  auto now = state();
  batch b(*store_);
  put_counters(b, folder, {uid{10}, modseq{2}, 0, 0, 0, 0, {}});
  auto wrong = now;
  wrong.segments[0].last = uid{15};
  batch_access::put(b, family::word_index, key::mailbox(folder), encode(wrong));
  batch_access::put(b, family::word_index, key::mailbox(mailbox_id{99}), "?");
  must_commit(b);
  std::string all;
  const auto report = verify(*store_, {});
  for (const auto& each : report->findings) all += each.where + ": " + each.what + "\n";
  for (const auto* each : {"has other messages than the list says",
                           "says it knows messages that did not come", "word_index 99: "})
    EXPECT_NE(all.find(each), std::string::npos) << each << " in " << all;
}

TEST_F(WordIndex, ForgetsMessagesThatAreGoneWhenItIsTidied) {
  std::map<uint32_t, std::vector<std::string>> messages;
  for (uint32_t id = 1; id <= 16; ++id) messages[id] = {"word" + std::to_string(id), "all"};
  add(messages);
  keep({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
  EXPECT_EQ(*wasteful_segment(*store_, folder, state(), 1), 1u); // one of sixteen is little
  keep({1, 2, 3});
  EXPECT_EQ(*wasteful_segment(*store_, folder, state(), 13), 0u);
  ASSERT_TRUE(merge_word_segments(*store_, folder, 0, 1, writer()));
  EXPECT_EQ(uids_of(ask({"all"}).hits[0].sure), (found_uids{1, 2, 3}));
  EXPECT_TRUE(ask({"word9"}).hits[0].sure.empty());
  EXPECT_EQ(state().messages(), 3u);
  keep({});
  ASSERT_TRUE(merge_word_segments(*store_, folder, 0, 1, writer()));
  EXPECT_EQ(rows(), 1u); // the mark alone
  EXPECT_EQ(state().indexed_to, uid{16});
}

TEST_F(WordIndex, IsWholeWhereverAChangeIsCutOff) {
  std::mt19937 random(5);
  const auto pass = [&](uint32_t from) {
    std::map<uint32_t, std::vector<std::string>> messages;
    for (uint32_t id = from; id < from + 200; ++id)
      for (int i = 0; i < 1500; ++i) messages[id].push_back("w" + std::to_string(random()));
    return messages;
  };
  found_uids everything;
  for (uint32_t id = 1; id <= 400; ++id) everything.insert(id);
  keep(everything);
  add(pass(1));
  add(pass(201));
  const auto before = state();
  const auto expected = uids_of(ask({"123"}).hits[0].sure);
  ASSERT_FALSE(expected.empty());
  size_t cuts = 0;
  for (size_t allowed = 0;; ++allowed) {
    writes_left_ = allowed;
    const auto merged = merge_word_segments(*store_, folder, 0, 2, writer());
    writes_left_ = SIZE_MAX;
    if (allowed % 3 == 0) lose_power(allowed);
    EXPECT_EQ(uids_of(ask({"123"}).hits[0].sure), expected);
    if (merged) break;
    EXPECT_EQ(state(), before);
    ++cuts;
  }
  EXPECT_GT(cuts, 3u);
  EXPECT_EQ(state().segments.size(), 1u);
  // Nothing is left of the attempts.
  const auto number = state().segments[0].number;
  size_t strays = 0;
  ASSERT_TRUE(store_->scan(family::word_index, key::mailbox(folder), {}, reach::disk,
                           [&](bytes_view key, bytes_view) {
                             strays += key.size() > 8 && small_number_at(key, 8) != number;
                             return true;
                           }));
  EXPECT_EQ(strays, 0u);
}

TEST_F(WordIndex, GoesWithItsFolder) {
  add({{1, {"a"}}});
  EXPECT_EQ(*indexed_folders(*store_, mailbox_id{}, 10), (std::vector<mailbox_id>{folder}));
  EXPECT_TRUE(indexed_folders(*store_, mailbox_id{8}, 10)->empty());
  batch b(*store_);
  ASSERT_TRUE(*delete_contents(b, *store_, folder, 100));
  must_commit(b);
  EXPECT_EQ(rows(), 0u);
}

TEST_F(WordIndex, MergesTheNewestOfLikeSize) {
  word_index_state made;
  const auto sizes = [&](std::initializer_list<uint32_t> all) {
    made.segments.clear();
    for (const uint32_t each : all) made.segments.push_back({1, uid{1}, uid{2}, each, 0});
    return segments_to_merge(made, 4);
  };
  using range = std::pair<size_t, size_t>;
  EXPECT_EQ(sizes({}), (range{0, 0}));
  EXPECT_EQ(sizes({1, 1, 1}), (range{0, 0}));
  EXPECT_EQ(sizes({70, 1, 1, 1, 1}), (range{1, 4}));
  EXPECT_EQ(sizes({70, 1, 1, 1}), (range{0, 0})) << "a large one is not written again for three";
  EXPECT_EQ(sizes({70, 5, 5, 5, 1}), (range{0, 0}));
  EXPECT_EQ(sizes({70, 5, 1, 5, 5, 5, 1}), (range{1, 6}));
  EXPECT_EQ(sizes({70, 5, 20, 5, 20, 5, 20, 1, 1, 1, 5, 5, 5}).second, 12u) << "too many, though none alike";
  EXPECT_EQ(sizes({70'000, 70'000, 70'000, 70'000}), (range{0, 0}));
}

TEST(WordLeaf, KeepsFewAndManyPlaces) {
  leaf_builder leaf;
  std::vector<uint32_t> all, few{0, 5, 999};
  for (uint32_t place = 3; place < 1000; place += 3) all.push_back(place);
  leaf.add("all", all, 1000);
  leaf.add("few", few, 1000);
  leaf.add("one", {999}, 1000);
  EXPECT_EQ(*leaf_words(leaf.words_row()), "\0all\0few\0one\0"s);
  const auto row = leaf.postings_row();
  EXPECT_LT(row.size(), 150u);
  auto reader = *posting_reader::over(row);
  std::vector<uint32_t> places;
  ASSERT_TRUE(reader.take(places, 1000));
  EXPECT_EQ(places, all);
  std::vector<uint64_t> set(16);
  ASSERT_TRUE(reader.take(set));
  EXPECT_EQ(set[0], 0x21u);
  EXPECT_EQ(set[15], uint64_t(1) << (999 % 64));
  EXPECT_TRUE(reader.skip(1));
  EXPECT_FALSE(reader.skip(1));
}

TEST(WordLeaf, RefusesPlacesThatAreNotThere) {
  leaf_builder leaf;
  leaf.add("x", {900}, 1000);
  const auto row = leaf.postings_row();
  std::vector<uint32_t> places;
  std::vector<uint64_t> set(2);
  EXPECT_FALSE(posting_reader::over(row)->take(places, 900));
  EXPECT_FALSE(posting_reader::over(row)->take(set));
  EXPECT_FALSE(posting_reader::over("\x02"));
  EXPECT_FALSE(leaf_words("\x01"));
  EXPECT_FALSE(leaf_words("\x01word"));
}

TEST(WordLeaf, HasTheseOctets) {
  word_index_state state{uid{300}, 4, {{3, uid{1}, uid{200}, 150, 5000}}};
  EXPECT_EQ(encode(state), "\x01\xac\x02\x04\x01\x03\x01\xc8\x01\x96\x01\x88\x27"s);
  EXPECT_EQ(*decode_word_index(encode(state)), state);
  EXPECT_FALSE(decode_word_index(encode(state) + "x"));
  segment_messages messages{{uid{1}, uid{3}, uid{300}}, {1}};
  EXPECT_EQ(encode(messages), "\x01\x03\x02\x05\xd2\x04"s);
  const auto read = decode_segment_messages(encode(messages));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->uids, messages.uids);
  EXPECT_EQ(read->partial, messages.partial);
  EXPECT_FALSE(decode_segment_messages("\x01\x01\x00"s));
  EXPECT_EQ(word_leaf_key(folder, 2, index_row::postings, word_field::cc, 9),
            "\0\0\0\0\0\0\0\7\0\0\0\2\3\5\0\0\0\x09"s);
}

} // namespace
} // namespace stagepost::storage
