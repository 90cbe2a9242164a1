#include "storage/store.hpp"

#include "storage/numbers.hpp"
#include "tests/storage/store_fixture.hpp"
#include "tests/support/temporary_folder.hpp"

#include <rocksdb/db.h>

namespace stagepost::storage {
namespace {

using Store = store_fixture;

constexpr mailbox_id folder{7};

TEST_F(Store, IsLockedAgainstASecondOpening) {
  const auto second = try_open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, errc::locked);
}

TEST_F(Store, RefusesToOpenAsAnotherShard) {
  store_.reset();
  auto other = options();
  other.shard = 4;
  EXPECT_EQ(store::open(store_kind::shard, "/store", other).error().code, errc::damaged);
}

TEST_F(Store, RefusesFamiliesOfANewerRelease) {
  rocksdb::ColumnFamilyHandle* made = nullptr;
  ASSERT_TRUE(store_->db().CreateColumnFamily({}, "of_tomorrow", &made).ok());
  ASSERT_TRUE(store_->db().DestroyColumnFamilyHandle(made).ok());
  store_.reset();
  EXPECT_EQ(try_open().error().code, errc::newer_version);
}

TEST_F(Store, RefusesALayoutOfANewerRelease) {
  ASSERT_TRUE(store_->set_schema(store::schema_version + 1));
  store_.reset();
  EXPECT_EQ(try_open().error().code, errc::newer_version);
}

TEST_F(Store, IsNotMadeAnewWhenItsCurrentFileIsLost) {
  store_.reset();
  ASSERT_TRUE(env_->DeleteFile("/store/CURRENT").ok());
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::damaged);
}

TEST_F(Store, KeepsBatchesOverAPowerCut) {
  batch b(*store_);
  put_counters(b, folder, {uid{5}, modseq{6}, 1, 1, 0, 10, {}});
  must_commit(b);
  lose_power(3);
  EXPECT_EQ(read_counters(*store_, folder, reach::disk)->uid_next, uid{5});
}

TEST_F(Store, MakesAGroupDurableWithOneSync) {
  std::vector<batch> batches;
  for (uint32_t i = 1; i <= 20; ++i) {
    batches.emplace_back(*store_);
    put_message(batches.back(), folder, uid{i}, {blob_id{i}, i, {}, {}, {}});
  }
  std::vector<batch*> group;
  for (auto& b : batches) group.push_back(&b);
  const auto before = store_->figures();
  for (const auto& answer : store_->commit(group)) EXPECT_TRUE(answer);
  const auto after = store_->figures();
  EXPECT_EQ(after.syncs - before.syncs, 1u);
  EXPECT_EQ(after.commits - before.commits, 20u);
  lose_power(4);
  for (uint32_t i = 1; i <= 20; ++i)
    EXPECT_EQ(read_message(*store_, folder, uid{i}, reach::disk)->body, blob_id{i});
}

TEST_F(Store, LaterBatchesOfAGroupWin) {
  batch first(*store_);
  batch second(*store_);
  put_counters(first, folder, {uid{5}, modseq{6}, 1, 1, 0, 10, {}});
  put_counters(second, folder, {uid{8}, modseq{6}, 1, 1, 0, 10, {}});
  batch* const group[] = {&first, &second};
  for (const auto& answer : store_->commit(group)) EXPECT_TRUE(answer);
  EXPECT_EQ(read_counters(*store_, folder, reach::disk)->uid_next, uid{8});
}

TEST_F(Store, FailsOnlyTheBatchWhoseBodyIsGone) {
  batch first(*store_);
  const auto body = put_body(first, "content", folder, uid{1});
  batch second(*store_);
  second.require(blob_id{12345});
  put_counters(second, folder, {});
  batch third(*store_);
  third.require(body); // put by an earlier batch of the same group
  put_reference(third, body, blob_owner::mailbox, folder.value, 2);
  batch* const group[] = {&first, &second, &third};
  const auto answers = store_->commit(group);
  EXPECT_TRUE(answers[0]);
  ASSERT_FALSE(answers[1]);
  EXPECT_EQ(answers[1].error().code, errc::blob_gone);
  EXPECT_TRUE(answers[2]);
  EXPECT_FALSE(read_counters(*store_, folder, reach::disk));
  EXPECT_FALSE(store_->failed());
}

TEST_F(Store, SaysNoToABodyThatWasCollected) {
  batch first(*store_);
  const auto body = put_body(first, "content", folder, uid{1});
  must_commit(first);
  batch second(*store_);
  drop_reference(second, body, blob_owner::mailbox, folder.value, 1);
  must_commit(second);
  ASSERT_TRUE(store_->collect(10));
  batch third(*store_);
  third.require(body);
  put_reference(third, body, blob_owner::mailbox, folder.value, 2);
  EXPECT_EQ(commit(third).error().code, errc::blob_gone);
}

TEST_F(Store, ReportsAFullDiskAndGoesOnWhenThereIsRoom) {
  files_->inject({testing::fault_operation::append, ".log", 0, UINT64_MAX, true});
  batch first(*store_);
  put_counters(first, folder, {uid{5}, modseq{6}, 1, 1, 0, 10, {}});
  batch second(*store_);
  put_counters(second, mailbox_id{8}, {});
  batch* const group[] = {&first, &second};
  for (const auto& answer : store_->commit(group)) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, errc::disk_full);
  }
  EXPECT_TRUE(store_->failed());
  EXPECT_FALSE(read_counters(*store_, folder, reach::disk)) << "nobody may see what is not durable";
  EXPECT_EQ(commit(first).error().code, errc::disk_full);
  files_->clear_faults();
  const auto resumed = store_->resume();
  ASSERT_TRUE(resumed) << resumed.error().detail;
  EXPECT_FALSE(store_->failed());
  must_commit(first);
  lose_power(9);
  EXPECT_TRUE(read_counters(*store_, folder, reach::disk));
  EXPECT_FALSE(read_counters(*store_, mailbox_id{8}, reach::disk));
}

TEST_F(Store, AcknowledgesNothingWhenTheSyncFails) {
  files_->inject({testing::fault_operation::sync, ".log", 0, 1, false});
  batch b(*store_);
  put_counters(b, folder, {});
  EXPECT_EQ(commit(b).error().code, errc::io_error);
  EXPECT_TRUE(store_->failed());
  EXPECT_FALSE(read_counters(*store_, folder, reach::disk));
}

TEST_F(Store, GivesMailboxNumbersOnlyOnceOverPowerCuts) {
  mailbox_id last;
  stagepost::uid_validity last_validity;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const auto id = store_->next_mailbox();
    const auto validity = store_->next_uid_validity();
    EXPECT_GT(id, last);
    EXPECT_GT(validity, last_validity);
    last = id;
    last_validity = validity;
    batch b(*store_);
    put_folder(b, account_id{1}, {id, "f", validity, 0, false});
    must_commit(b);
    batch gone(*store_);
    delete_folder(gone, account_id{1}, {id, "f", validity}); // and nothing in the store tells of it any more
    must_commit(gone);
    lose_power(seed);
  }
}

TEST_F(Store, GivesBodyNumbersOnlyOnceOverPowerCuts) {
  batch b(*store_);
  const auto body = put_body(b, "x", folder, uid{1});
  EXPECT_EQ(shard_of(body), 3u);
  must_commit(b);
  batch gone(*store_);
  drop_reference(gone, body, blob_owner::mailbox, folder.value, 1);
  must_commit(gone);
  ASSERT_TRUE(store_->collect(10));
  lose_power(1);
  EXPECT_GT(store_->next_blob(), body);
}

TEST(QueueNumbers, GrowWhateverTheClockSays) {
  const auto now = from_unix_milliseconds(1'700'000'000'000);
  auto last = queue_id_after({}, now, 3);
  EXPECT_EQ(last.value >> 22, 1'700'000'000'000u - 1'577'836'800'000u);
  EXPECT_EQ((last.value >> 14) & 0xff, 3u);
  for (int i = 0; i < 40'000; ++i) {
    const auto next = queue_id_after(last, now - std::chrono::milliseconds(i % 3), 3);
    ASSERT_GT(next, last);
    ASSERT_EQ((next.value >> 14) & 0xff, 3u);
    last = next;
  }
  EXPECT_GT(queue_id_after(last, now + std::chrono::hours(1), 3).value, last.value);
  EXPECT_GT(queue_id_after(last, now, 2), last);
}

TEST_F(Store, MakesACheckpointThatOpens) {
  batch b(*store_);
  const auto body = put_body(b, bytes(5000, 'x'), folder, uid{1});
  must_commit(b);
  const auto made = store_->checkpoint("/copy");
  ASSERT_TRUE(made) << made.error().detail;
  auto copy = store::open(store_kind::shard, "/copy", options());
  ASSERT_TRUE(copy) << copy.error().detail;
  EXPECT_EQ(*read_body(**copy, body, 0, UINT64_MAX, reach::disk), bytes(5000, 'x'));
}

TEST_F(Store, ScansBackFromTheEndOfAPrefix) {
  batch b(*store_);
  for (uint32_t i = 1; i <= 3; ++i) put_message(b, folder, uid{i}, {});
  put_message(b, mailbox_id{8}, uid{9}, {});
  must_commit(b);
  std::vector<uint8_t> seen;
  ASSERT_TRUE(store_->scan_back(family::messages, bytes("\0\0\0\0\0\0\0\x07", 8), reach::disk,
                                [&](bytes_view key, bytes_view) {
                                  seen.push_back(uint8_t(key.back()));
                                  return seen.size() < 2;
                                }));
  EXPECT_EQ(seen, (std::vector<uint8_t>{3, 2}));
}

TEST(StoreOnDisk, OpensAndReopens) {
  const testing::temporary_folder folder;
  store_options options;
  options.memtable_bytes = 256 << 10;
  for (int round = 0; round < 2; ++round) {
    auto opened = store::open(store_kind::system, folder.path(), options);
    ASSERT_TRUE(opened) << opened.error().detail;
    EXPECT_EQ(store::open(store_kind::system, folder.path(), options).error().code, errc::locked);
  }
}

} // namespace
} // namespace stagepost::storage
