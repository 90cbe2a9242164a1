#include "storage/renewal.hpp"

#include "storage/directory.hpp"
#include "storage/mailboxes.hpp"
#include "storage/verify.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

namespace stagepost::storage {
namespace {

namespace fs = std::filesystem;

constexpr account_id known{1}, gone{2};

class Renewal : public ::testing::Test {
protected:
  Renewal() {
    std::string name = fs::temp_directory_path() / "stagepost-test-XXXXXX";
    root_ = ::mkdtemp(name.data());
    shard_ = open(store_kind::shard);
    batch b(*shard_);
    for (const auto account : {known, gone})
      for (const auto* each : {"INBOX", "Sent"}) {
        const auto id = shard_->next_mailbox();
        put_folder(b, account, {id, each, shard_->next_uid_validity(), 0, true});
        put_counters(b, id, {});
      }
    commit(*shard_, b);
  }
  ~Renewal() override {
    shard_.reset();
    fs::remove_all(root_);
  }

  std::unique_ptr<store> open(store_kind kind) const {
    store_options options;
    options.memtable_bytes = 1 << 20;
    auto opened = store::open(kind, folder(kind), options);
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
  std::string folder(store_kind kind) const {
    return (root_ / (kind == store_kind::shard ? "shard0" : "system")).string();
  }
  static void commit(store& to, batch& b) {
    batch* const all[] = {&b};
    ASSERT_TRUE(to.commit(all).front());
  }
  std::vector<folder_record> folders(account_id account) const {
    auto found = read_folders(*shard_, account, reach::disk);
    EXPECT_TRUE(found);
    return *found;
  }

  fs::path root_;
  std::unique_ptr<store> shard_;
};

TEST_F(Renewal, GivesEveryFolderAnotherUidValidityAboveAllGivenBefore) {
  const uint64_t floor = 3'000'000'000;
  const auto names = folders(known);
  const auto renewed = renew_uid_validities(*shard_, floor);
  ASSERT_TRUE(renewed);
  EXPECT_EQ(*renewed, 4u);
  std::set<uint32_t> given;
  for (const auto account : {known, gone})
    for (const auto& each : folders(account)) {
      EXPECT_GT(each.uid_validity.value, floor);
      given.insert(each.uid_validity.value);
    }
  EXPECT_EQ(given.size(), 4u) << "each its own: a folder may be renamed to another's name";
  ASSERT_EQ(folders(known).size(), names.size());
  EXPECT_EQ(folders(known)[1].name, names[1].name);
  EXPECT_TRUE(folders(known)[0].subscribed);

  shard_.reset();
  shard_ = open(store_kind::shard);
  EXPECT_GT(shard_->next_uid_validity().value, *given.rbegin()) << "the counter goes on behind them";
  const auto report = verify(*shard_, {});
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->sound());
}

TEST_F(Renewal, MovesTheCounterOfAStoreWithoutFolders) {
  const auto empty = (root_ / "empty").string();
  store_options options;
  {
    auto opened = store::open(store_kind::shard, empty, options);
    ASSERT_TRUE(opened);
    ASSERT_TRUE(renew_uid_validities(**opened, 3'000'000'000));
  }
  auto again = store::open(store_kind::shard, empty, options);
  ASSERT_TRUE(again);
  EXPECT_GT((*again)->next_uid_validity().value, 3'000'000'000u);
}

TEST_F(Renewal, RefusesWhenNoUidValidityIsLeft) { EXPECT_FALSE(renew_uid_validities(*shard_, 0xffff'fffe)); }

TEST_F(Renewal, ReadsTheCounterOfAStoreThatNobodyOpens) {
  batch b(*shard_);
  const auto last = shard_->next_uid_validity();
  put_folder(b, known, {shard_->next_mailbox(), "Late", last, 0, true});
  commit(*shard_, b);
  shard_.reset();
  const auto found = highest_uid_validity(folder(store_kind::shard));
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(*found, last.value) << "also what stands in the log only";
  EXPECT_EQ(*highest_uid_validity((root_ / "nowhere").string()), 0u);
}

TEST_F(Renewal, TheFloorIsAboveTheClockTheBackupAndTheStoreInUse) {
  const auto now = from_unix_milliseconds(1'800'000'000'000);
  EXPECT_GE(uid_validity_floor(1'700'000'000, 0, now), 1'800'000'000u);
  EXPECT_GE(uid_validity_floor(1'700'000'000, 1'900'000'000, now), 1'900'000'000u);
  EXPECT_GT(uid_validity_floor(1'800'000'500, 0, now), 1'800'000'500u)
      << "a counter that is ahead of the clock";
}

TEST_F(Renewal, TakesAwayTheFoldersOfAccountsThatWereDeletedMeanwhile) {
  auto directory = open(store_kind::system);
  batch b(*directory);
  account_record account;
  account.id = known;
  account.local_part = "alice";
  account.role = account_role::user;
  put_account(b, account);
  commit(*directory, b);
  const auto removed = remove_orphans(*shard_, *directory);
  ASSERT_TRUE(removed);
  EXPECT_EQ(*removed, 2u);
  EXPECT_EQ(folders(known).size(), 2u);
  EXPECT_TRUE(folders(gone).empty());
  EXPECT_EQ(read_doomed(*shard_, 10, reach::disk)->size(), 2u) << "the eraser finds what is in them";
}

} // namespace
} // namespace stagepost::storage
