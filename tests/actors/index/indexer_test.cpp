#include "actors/index/indexer.hpp"

#include "actors/offload/pool.hpp"
#include "protocols/base/text.hpp"
#include "protocols/mime/digest.hpp"
#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "storage/word_index.hpp"
#include "tests/support/mail_fixture.hpp"
#include "tests/support/zip_maker.hpp"

#include <unistd.h>

#include <fstream>
#include <memory>
#include <set>

namespace stagepost::index {
namespace {

using namespace std::string_literals;
using storage::reach;
using storage::word_field;
using uids = std::set<uint32_t>;

size_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  size_t all = 0, resident = 0;
  in >> all >> resident;
  return resident * size_t(::sysconf(_SC_PAGESIZE));
}

class Indexer : public testing::mail_fixture {
protected:
  Indexer() {
    settings_.index.wait = std::chrono::seconds(0);
    settings_.index.items_per_pass = 4;
    settings_.index.segments_before_merge = 3;
    settings_.index.deleted_before_cleanup = 3;
  }
  ~Indexer() override { stop(); }

  void start() {
    pool_ = system_->spawn(offload::pool, size_t(settings_.index.threads), size_t(10));
    indexer_ = system_->spawn(indexer, indexer_services{store_, committer_, pool_,
                                                        std::make_shared<live_settings>(settings_),
                                                        std::make_shared<document_text>()});
    with_.indexer = indexer_;
    serve();
  }

  void stop() {
    if (!indexer_) return;
    end(indexer_);
    end(pool_);
    indexer_ = nullptr;
    pool_ = nullptr;
    with_.indexer = nullptr;
    serve();
  }

  /// The account with the services there are now.
  void serve() {
    end(account_);
    account_ = system_->spawn(mailbox::account, with_, account_id{1}, uint64_t(0), lease_);
  }

  uid deliver(const std::string& words, const std::string& to = "INBOX") {
    return deliver_octets("Subject: test\r\n\r\n" + words + "\r\n", to);
  }

  uid deliver_document(const bytes& octets, const std::string& name) {
    return deliver_octets("Subject: test\r\nContent-Type: application/octet-stream; name=" + name +
                          "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64_encode(octets) + "\r\n");
  }

  uid deliver_octets(const bytes& text, const std::string& to = "INBOX") {
    mailbox::put_messages what;
    what.folder = to;
    what.content.with = std::make_shared<storage::batch>(*store_);
    mailbox::new_message made;
    made.body = store_->next_blob();
    made.size_bytes = text.size();
    storage::put_chunk(*what.content.with, made.body, 0, text, true);
    storage::put_blob(*what.content.with, made.body, {text.size(), 1, mime::encode(mime::make_digest(text))});
    what.content.messages.push_back(made);
    return ask<mailbox::inserted>(account_, what).uids.at(0);
  }

  storage::word_index_state state(mailbox_id of) {
    const auto found = storage::read_word_index(*store_, of, reach::disk);
    EXPECT_TRUE(found);
    return found ? *found : storage::word_index_state{};
  }

  bool indexed(mailbox_id of, uint32_t to) {
    return eventually([&] { return state(of).indexed_to >= uid{to}; });
  }

  uids with_word(mailbox_id of, const std::string& word, word_field field = word_field::body) {
    const auto found =
        storage::search_words(*store_, of, {{storage::bit_of(field), {word}, true}}, reach::disk);
    EXPECT_TRUE(found);
    uids all;
    if (found)
      for (const auto& run : found->hits[0].sure)
        for (uint32_t id = run.first; id <= run.last; ++id) all.insert(id);
    return all;
  }

  void expunge(std::vector<uid> what, const std::string& in = "INBOX") {
    store(in, {what, imap::flag_change::add, flag_deleted, {}, {}});
    ask<mailbox::outcome_answer>(folder(in).folder, imap::expunge{false, what});
  }

  conf::system_settings settings_;
  offload::pool_actor pool_;
  indexer_actor indexer_;
};

TEST_F(Indexer, TakesUpWhatIsDelivered) {
  start();
  for (int i = 1; i <= 20; ++i) deliver(i % 5 == 0 ? "apples and pears" : "plums");
  const auto inbox = folder("INBOX").id;
  ASSERT_TRUE(indexed(inbox, 20));
  EXPECT_EQ(with_word(inbox, "apple"), (uids{5, 10, 15, 20}));
  ASSERT_TRUE(eventually([&] {
    const auto now = ask<index_figures>(indexer_, atom::status::value);
    return now.messages_indexed == 20 && now.folders_waiting + now.folders_at_work == 0;
  }));
  EXPECT_GT(ask<index_figures>(indexer_, atom::status::value).cpu_time.count(), 0);
}

TEST_F(Indexer, FindsAtItsStartWhatNobodyToldIt) {
  for (int i = 1; i <= 10; ++i) deliver("word" + std::to_string(i));
  create("Work");
  deliver("elsewhere", "Work");
  start();
  ASSERT_TRUE(indexed(folder("INBOX").id, 10));
  ASSERT_TRUE(indexed(folder("Work").id, 1));
  EXPECT_EQ(with_word(folder("INBOX").id, "word7"), (uids{7}));
  EXPECT_EQ(with_word(folder("Work").id, "elsewhere"), (uids{1}));
}

TEST_F(Indexer, TakesTheWordsOfDocumentsAndPassesOverThoseThatCannotBeRead) {
  settings_.index.pdf_command = "sh -c \"kill -9 $$\"";
  deliver_document("%PDF-1.4 kills who reads it", "a.pdf");
  deliver_document(testing::make_docx("quarterly report"), "b.docx");
  deliver_document(testing::make_docx("quarterly"), "b.bin");
  deliver("quarterly");
  start();
  const auto inbox = folder("INBOX").id;
  ASSERT_TRUE(indexed(inbox, 4));
  EXPECT_EQ(with_word(inbox, "\0quarterly\0"s, word_field::document), (uids{2}));
  EXPECT_EQ(with_word(inbox, "quarterly"), (uids{4}));
  const auto told = ask<index_figures>(indexer_, atom::status::value).documents;
  EXPECT_EQ(told.read, 2u);
  EXPECT_EQ(told.failed, 1u);
  expect_sound();
}

TEST_F(Indexer, LeavesDocumentsAloneWhereItIsSwitchedOffOrTheyAreLarge) {
  settings_.index.max_document_size = conf::mb(1);
  deliver_document(testing::make_docx("report") + bytes(1'100'000, ' '), "large.docx");
  start();
  const auto inbox = folder("INBOX").id;
  ASSERT_TRUE(indexed(inbox, 1));
  stop();
  settings_.index.documents = false;
  deliver_document(testing::make_docx("report"), "b.docx");
  start();
  ASSERT_TRUE(indexed(inbox, 2));
  EXPECT_EQ(with_word(inbox, "report", word_field::document), uids{});
}

TEST_F(Indexer, GoesOnWhereItWasCutOff) {
  for (int i = 1; i <= 30; ++i) deliver("word" + std::to_string(i));
  const auto inbox = folder("INBOX").id;
  for (size_t passing = 0; passing < 4; ++passing) {
    hold(passing);
    start();
    await(1);
    break_held();
    stop();
    const auto to = state(inbox).indexed_to.value;
    EXPECT_LT(to, 30u);
    for (uint32_t id = 1; id <= to; ++id)
      EXPECT_TRUE(with_word(inbox, "\0word"s + std::to_string(id) + "\0"s).contains(id)) << id;
  }
  start();
  ASSERT_TRUE(indexed(inbox, 30));
  EXPECT_EQ(with_word(inbox, "word29"), (uids{29}));
  expect_sound();
}

TEST_F(Indexer, ForgetsExpungedMessagesInTheBackground) {
  start();
  for (int i = 1; i <= 20; ++i) deliver("fruit");
  const auto inbox = folder("INBOX").id;
  ASSERT_TRUE(indexed(inbox, 20));
  std::vector<uid> first;
  for (uint32_t id = 1; id <= 12; ++id) first.push_back(uid{id});
  expunge(first);
  // Fewer than deleted_before_cleanup may stay: which ones depends on how the deliveries came together.
  ASSERT_TRUE(
      eventually([&] { return state(inbox).messages() < 8 + settings_.index.deleted_before_cleanup; }));
  const auto found = with_word(inbox, "fruit");
  for (uint32_t id = 13; id <= 20; ++id) EXPECT_TRUE(found.contains(id)) << id;
  EXPECT_LE(found.size(), state(inbox).messages());
}

TEST_F(Indexer, KeepsNothingOfAFolderThatIsGone) {
  create("Work");
  for (int i = 1; i <= 5; ++i) deliver("fruit", "Work");
  const auto work = folder("Work").id;
  start();
  ASSERT_TRUE(indexed(work, 5));
  EXPECT_EQ(ask<mailbox::outcome_answer>(account_, imap::delete_mailbox{"Work"}).outcome,
            mailbox::outcome::done);
  ASSERT_TRUE(eventually([&] { return state(work) == storage::word_index_state{}; }));
  stop();
  // As if a pass had written behind the end of the folder, and the power had failed.
  storage::word_gatherer late;
  late.begin(uid{6});
  late.add(word_field::body, "fruit");
  ASSERT_TRUE(storage::add_word_segment(*store_, work, late, uid{6}, [&](std::shared_ptr<storage::batch> b) {
    ask<committer::committed>(committer_, committer::commit_batch{b, nullptr});
    return storage::result<done>(done{});
  }));
  start();
  ASSERT_TRUE(eventually([&] { return state(work) == storage::word_index_state{}; }));
}

TEST_F(Indexer, MakesAnIndexAnewWhenAsked) {
  for (int i = 1; i <= 9; ++i) deliver("fruit");
  const auto inbox = folder("INBOX").id;
  create("Never used");
  create("Empty");
  deliver("fruit", "Empty");
  expunge({uid{1}}, "Empty");
  for (const bool all : {false, true}) {
    // An index that is wrong: it knows nothing and says it is complete.
    auto wrong = std::make_shared<storage::batch>(*store_);
    storage::drop_word_index(*wrong, inbox);
    ask<committer::committed>(committer_, committer::commit_batch{wrong, nullptr});
    ASSERT_TRUE(storage::add_word_segment(*store_, inbox, {}, uid{9}, [&](std::shared_ptr<storage::batch> b) {
      ask<committer::committed>(committer_, committer::commit_batch{b, nullptr});
      return storage::result<done>(done{});
    }));
    start();
    EXPECT_TRUE(with_word(inbox, "fruit").empty());
    ask<rebuild_begun>(indexer_, rebuild_index{all ? std::vector<mailbox_id>{} : std::vector{inbox}, all});
    EXPECT_TRUE(eventually([&] { return with_word(inbox, "fruit").size() == 9; }));
    EXPECT_TRUE(eventually([&] {
      const auto now = ask<index_figures>(indexer_, atom::status::value);
      return now.folders_waiting + now.folders_at_work == 0;
    })) << "and rests then";
    stop();
  }
}

TEST_F(Indexer, BeginsAgainWhenAskedWhileItMakesAllAnew) {
  for (int i = 1; i <= 9; ++i) deliver("fruit");
  const auto inbox = folder("INBOX").id;
  // More folders than one look takes.
  auto many = std::make_shared<storage::batch>(*store_);
  for (int i = 0; i < 1000; ++i) storage::put_counters(*many, store_->next_mailbox(), {});
  ask<committer::committed>(committer_, committer::commit_batch{many, nullptr});
  settings_.index.items_per_pass = 100;
  start();
  ASSERT_TRUE(indexed(inbox, 9));
  hold();
  ask<rebuild_begun>(indexer_, rebuild_index{{}, true});
  await(); // the inbox is at work, and the second look waits behind it
  ask<rebuild_begun>(indexer_, rebuild_index{{}, true});
  release();
  EXPECT_TRUE(eventually([&] {
    const auto now = ask<index_figures>(indexer_, atom::status::value);
    return now.messages_indexed == 27 && now.folders_waiting + now.folders_at_work == 0;
  }));
}

TEST_F(Indexer, MakesAnIndexAnewWhoseListIsDamaged) {
  for (int i = 1; i <= 9; ++i) deliver("fruit");
  create("Work");
  deliver("fruit", "Work");
  const auto inbox = folder("INBOX").id;
  storage::batch b(*store_);
  storage::batch_access::put(b, storage::family::word_index, storage::key::mailbox(inbox), "?");
  storage::batch* const one[] = {&b};
  ASSERT_TRUE(store_->commit(one).front());
  start();
  ASSERT_TRUE(indexed(folder("Work").id, 1));
  ASSERT_TRUE(eventually([&] {
    const auto found = storage::read_word_index(*store_, inbox, reach::disk);
    return found && found->indexed_to == uid{9};
  }));
  EXPECT_EQ(with_word(inbox, "fruit").size(), 9u);
}

TEST_F(Indexer, WorksOnAsManyFoldersAtOnceAsItMay) {
  const std::vector<std::string> names = {"A", "B", "C"};
  for (const auto& name : names) create(name);
  for (const uint32_t threads : {1, 2}) {
    // Anew each time: what is let go at the end of the first round may still index a folder.
    for (const auto& name : names) deliver("word", name);
    settings_.index.threads = threads;
    hold();
    start();
    await(threads);
    const auto now = ask<index_figures>(indexer_, atom::status::value);
    EXPECT_EQ(now.folders_at_work, threads);
    EXPECT_EQ(now.folders_waiting, 3 - threads);
    break_held();
    stop();
  }
}

TEST_F(Indexer, MergesWhenThereAreAsManySegmentsAsTheSettingSays) {
  for (int i = 1; i <= 12; ++i) deliver("word");
  settings_.index.items_per_pass = 1;
  settings_.index.segments_before_merge = 100;
  start();
  const auto inbox = folder("INBOX").id;
  ASSERT_TRUE(indexed(inbox, 12));
  EXPECT_EQ(state(inbox).segments.size(), 12u);
  stop();
  settings_.index.segments_before_merge = 4;
  start();
  deliver("word");
  ASSERT_TRUE(indexed(inbox, 13));
  ASSERT_TRUE(eventually([&] { return state(inbox).segments.size() < 4; }));
}

// IDX-03
TEST_F(Indexer, GivesMemoryBackAfterAsManyMessagesAsTheSettingSays) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer's heap is given back by rules of its own";
#endif
  settings_.index.items_before_release = 2;
  start();
  // Small pieces that are free again, below one that is not: the heap keeps them.
  constexpr size_t pieces = 20000, piece_bytes = 4096, most_of_them = pieces * piece_bytes * 3 / 4;
  std::vector<std::unique_ptr<char[]>> heap;
  for (size_t i = 0; i < pieces; ++i) heap.push_back(std::make_unique<char[]>(piece_bytes));
  heap.erase(heap.begin(), heap.end() - 1);
  deliver("one");
  const auto inbox = folder("INBOX").id;
  ASSERT_TRUE(indexed(inbox, 1));
  const auto held = resident_bytes();
  deliver("two");
  EXPECT_TRUE(eventually([&] { return resident_bytes() + most_of_them < held; })) << held;
}

TEST_F(Indexer, TakesFoldersInTurn) {
  create("Small");
  for (int i = 1; i <= 40; ++i) deliver("many");
  deliver("one", "Small");
  const auto inbox = folder("INBOX").id, small = folder("Small").id;
  start();
  ASSERT_TRUE(indexed(small, 1));
  EXPECT_LT(state(inbox).indexed_to, uid{40}) << "a large folder does not keep a small one waiting";
  ASSERT_TRUE(indexed(inbox, 40));
}

} // namespace
} // namespace stagepost::index
