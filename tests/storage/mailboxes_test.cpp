#include "storage/mailboxes.hpp"

#include "storage/key.hpp"
#include "tests/storage/store_fixture.hpp"

#include <rocksdb/db.h>

#include <random>

namespace stagepost::storage {
namespace {

using Mailboxes = store_fixture;

constexpr mailbox_id folder{7};
constexpr mailbox_id neighbour{8};

TEST_F(Mailboxes, ListsTheFoldersOfOneAccount) {
  batch b(*store_);
  put_folder(b, account_id{1}, {mailbox_id{4}, "INBOX", uid_validity{9}, 0, true});
  put_folder(b, account_id{1}, {mailbox_id{5}, "Sent", uid_validity{10}, 2, false});
  put_folder(b, account_id{2}, {mailbox_id{6}, "INBOX", uid_validity{11}, 0, true});
  must_commit(b);
  batch gone(*store_);
  delete_folder(gone, account_id{1}, {mailbox_id{4}, "INBOX", uid_validity{9}});
  must_commit(gone);
  const auto folders = read_folders(*store_, account_id{1}, reach::disk);
  ASSERT_TRUE(folders);
  ASSERT_EQ(folders->size(), 1u);
  EXPECT_EQ(folders->front().id, mailbox_id{5});
  EXPECT_EQ(folders->front().name, "Sent");
  EXPECT_EQ(folders->front().uid_validity, uid_validity{10});
}

TEST_F(Mailboxes, KeepsPagesInOrderAndDropsEmptyOnes) {
  batch b(*store_);
  put_page(b, folder, {3, {{uid{200}, flag_seen, 0, modseq{4}}}});
  put_page(b, folder, {0, {{uid{1}, 0, 1, modseq{3}}}});
  put_page(b, folder, {1, {{uid{64}, 0, 0, modseq{2}}}});
  put_page(b, neighbour, {0, {{uid{1}, 0, 0, modseq{1}}}});
  must_commit(b);
  batch empty(*store_);
  put_page(empty, folder, {1, {}});
  must_commit(empty);
  const auto pages = read_pages(*store_, folder, reach::disk);
  ASSERT_TRUE(pages);
  ASSERT_EQ(pages->size(), 2u);
  EXPECT_EQ((*pages)[0]->entries, (std::vector<message_entry>{{uid{1}, 0, 1, modseq{3}}}));
  EXPECT_EQ((*pages)[1]->number, 3u);
}

TEST_F(Mailboxes, ReadsManyMessagesInOrder) {
  batch b(*store_);
  for (uint32_t i = 1; i <= 500; ++i)
    if (i % 3 != 0) put_message(b, folder, uid{i}, {blob_id{i}, i, {}, {}, {}});
  put_message(b, neighbour, uid{501}, {blob_id{501}, 1, {}, {}, {}});
  must_commit(b);
  std::vector<uid> wanted;
  for (const uint32_t i : {1u, 2u, 3u, 4u, 20u, 21u, 27u, 100u, 498u, 499u, 500u, 501u, 600u})
    wanted.emplace_back(i);
  const auto found = read_messages(*store_, folder, wanted, reach::disk);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    const bool there = wanted[i].value <= 500 && wanted[i].value % 3 != 0;
    EXPECT_EQ((*found)[i].body, there ? blob_id{wanted[i].value} : blob_id{}) << wanted[i].value;
  }
  EXPECT_TRUE(read_messages(*store_, folder, {}, reach::disk)->empty());
}

TEST_F(Mailboxes, TellsWhatChangedSince) {
  batch b(*store_);
  put_change(b, folder, {modseq{2}, change_kind::added, {uid{1}, uid{2}}});
  put_change(b, folder, {modseq{3}, change_kind::added, {uid{3}}});
  put_change(b, folder, {modseq{3}, change_kind::expunged, {uid{1}}});
  put_change(b, folder, {modseq{4}, change_kind::flags, {uid{2}}});
  put_change(b, neighbour, {modseq{5}, change_kind::flags, {uid{2}}});
  must_commit(b);
  const auto all = read_changes(*store_, folder, modseq{2}, 100, reach::disk);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ((*all)[0].kind, change_kind::added);
  EXPECT_EQ((*all)[1].kind, change_kind::expunged);
  EXPECT_EQ((*all)[2].modseq, modseq{4});
  EXPECT_EQ(read_changes(*store_, folder, modseq{}, 2, reach::disk)->size(), 2u);
  EXPECT_TRUE(read_changes(*store_, folder, modseq{4}, 2, reach::disk)->empty());
}

TEST_F(Mailboxes, DeletesTheContentsInSteps) {
  batch b(*store_);
  blob_id body;
  for (uint32_t i = 1; i <= 5; ++i) {
    body = put_body(b, "content", folder, uid{i});
    put_message(b, folder, uid{i}, {body, 7, {}, {}, {}});
  }
  put_page(b, folder, {0, {{uid{1}, 0, 0, modseq{2}}}});
  put_change(b, folder, {modseq{2}, change_kind::added, {uid{1}}});
  put_counters(b, folder, {});
  put_message(b, neighbour, uid{1}, {body, 7, {}, {}, {}});
  put_counters(b, neighbour, {});
  must_commit(b);
  size_t steps = 0;
  for (bool ended = false; !ended; ++steps) {
    batch step(*store_);
    ended = *delete_contents(step, *store_, folder, 2);
    must_commit(step);
  }
  EXPECT_EQ(steps, 3u);
  EXPECT_EQ(*store_->collect(100), 5u);
  EXPECT_FALSE(read_blob(*store_, body, reach::disk));
  EXPECT_FALSE(read_message(*store_, folder, uid{1}, reach::disk));
  EXPECT_TRUE(read_pages(*store_, folder, reach::disk)->empty());
  EXPECT_TRUE(read_changes(*store_, folder, {}, 10, reach::disk)->empty());
  EXPECT_FALSE(read_counters(*store_, folder, reach::disk));
  EXPECT_TRUE(read_message(*store_, neighbour, uid{1}, reach::disk));
  EXPECT_TRUE(read_counters(*store_, neighbour, reach::disk));
}

TEST_F(Mailboxes, RememberWhichAccountsWereErased) {
  batch b(*store_);
  put_erased(b, account_id{0x0102});
  must_commit(b);
  open_store();
  EXPECT_TRUE(*is_erased(*store_, account_id{0x0102}, reach::disk));
  EXPECT_FALSE(*is_erased(*store_, account_id{2}, reach::disk));
  size_t found = 0;
  ASSERT_TRUE(store_->scan(family::meta, "erased/", {}, reach::disk, [&](bytes_view key, bytes_view value) {
    EXPECT_EQ(key, bytes_view("erased/\0\0\0\0\0\0\x01\x02", 15)); // on disk: never changes
    EXPECT_TRUE(value.empty());
    ++found;
    return true;
  }));
  EXPECT_EQ(found, 1u);
}

TEST_F(Mailboxes, AnswerNotCachedRatherThanWait) {
  batch b(*store_);
  for (uint32_t i = 1; i <= 100; ++i) put_message(b, folder, uid{i}, {blob_id{i}, i, {}, {}, {}});
  put_counters(b, folder, {});
  must_commit(b);
  open_store();
  files_->inject({testing::fault_operation::read, {}, 0, UINT64_MAX, false}); // nothing may be read
  EXPECT_EQ(read_counters(*store_, folder, reach::cache).error().code, errc::not_cached);
  EXPECT_EQ(read_messages(*store_, folder, {uid{1}}, reach::cache).error().code, errc::not_cached);
  EXPECT_EQ(read_folders(*store_, account_id{1}, reach::cache)->size(), 0u);
  files_->clear_faults();
  EXPECT_TRUE(read_counters(*store_, folder, reach::disk));
  EXPECT_TRUE(read_messages(*store_, folder, {uid{1}}, reach::disk));
  files_->inject({testing::fault_operation::read, {}, 0, UINT64_MAX, false});
  EXPECT_TRUE(read_counters(*store_, folder, reach::cache));
  EXPECT_TRUE(read_messages(*store_, folder, {uid{1}}, reach::cache));
}

TEST_F(Mailboxes, AnswerFromTheCacheAllOrNothing) {
  constexpr uint32_t count = 20'000;
  std::mt19937_64 random(7); // so that blocks do not shrink to nothing
  batch b(*store_);
  for (uint32_t i = 1; i <= count; ++i)
    put_message(b, folder, uid{i}, {blob_id{random()}, random(), {}, {}, queue_id{random()}});
  must_commit(b);
  auto& messages = *store_->handle(family::messages);
  ASSERT_TRUE(store_->db().Flush({}, &messages).ok());
  rocksdb::CompactRangeOptions whole;
  whole.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  ASSERT_TRUE(store_->db().CompactRange(whole, &messages, nullptr, nullptr).ok());
  rocksdb::ColumnFamilyMetaData files;
  store_->db().GetColumnFamilyMetaData(&messages, &files);
  const auto& last_level = files.levels.back().files;
  ASSERT_GT(last_level.size(), 3u); // a scan goes from one to the next
  const auto read_to = [this](uint32_t first, uint32_t last, reach how) {
    std::vector<uid> wanted;
    for (uint32_t i = first; i <= last; ++i) wanted.emplace_back(i);
    return read_messages(*store_, folder, wanted, how);
  };
  for (const auto& file : last_level) {
    open_store(); // with an empty cache
    batch newest(*store_);
    put_message(newest, folder, uid{count + 1}, {blob_id{1}, 1, {}, {}, {}});
    must_commit(newest);
    uint32_t last = 1;
    while (key::message(folder, uid{last}) < file.largestkey) ++last;
    ASSERT_TRUE(read_to(1, last, reach::disk)); // all up to the end of a file, and nothing behind it
    const auto found = read_to(1, count + 1, reach::cache);
    if (!found) {
      EXPECT_EQ(found.error().code, errc::not_cached);
      continue;
    }
    size_t missing = 0;
    for (const auto& each : *found) missing += each.body ? 0 : 1;
    EXPECT_EQ(missing, 0u) << "with " << last << " of " << count << " at hand";
  }
}

TEST_F(Mailboxes, KnowsWhatWasExpungedAsFarBackAsTheLogReaches) {
  batch b(*store_);
  mailbox_counters counters;
  counters.highest_modseq = modseq{6};
  put_counters(b, folder, counters);
  put_change(b, folder, {modseq{2}, change_kind::added, {uid{1}, uid{2}, uid{3}, uid{4}}});
  put_change(b, folder, {modseq{3}, change_kind::expunged, {uid{3}}});
  put_change(b, folder, {modseq{4}, change_kind::flags, {uid{1}}});
  put_change(b, folder, {modseq{5}, change_kind::expunged, {uid{1}, uid{2}}});
  put_change(b, folder, {modseq{6}, change_kind::flags, {uid{4}}});
  put_change(b, neighbour, {modseq{6}, change_kind::expunged, {uid{9}}});
  must_commit(b);
  const auto after = [this](uint64_t since) {
    const auto found = read_expunged(*store_, folder, modseq{since}, reach::disk);
    EXPECT_TRUE(found);
    return std::pair(found->complete, found->uids);
  };
  using uids = std::vector<uid>;
  EXPECT_EQ(after(1), std::pair(true, uids{uid{1}, uid{2}, uid{3}}));
  EXPECT_EQ(after(3), std::pair(true, uids{uid{1}, uid{2}}));
  EXPECT_EQ(after(5), std::pair(true, uids{}));
  EXPECT_EQ(after(6), std::pair(true, uids{}));
  EXPECT_EQ(after(7), std::pair(true, uids{})) << "a number from the future";

  batch trimmed(*store_);
  trim_changes(trimmed, folder, modseq{4});
  must_commit(trimmed);
  EXPECT_EQ(after(1), std::pair(false, uids{}));
  EXPECT_EQ(after(2), std::pair(false, uids{})) << "the third change is forgotten";
  EXPECT_EQ(after(3), std::pair(true, uids{uid{1}, uid{2}}));
  batch bare(*store_);
  trim_changes(bare, folder, modseq{100});
  must_commit(bare);
  EXPECT_EQ(after(5), std::pair(false, uids{}));
  EXPECT_EQ(after(6), std::pair(true, uids{}));
}

} // namespace
} // namespace stagepost::storage
