#include "actors/wall_clock.hpp"
#include "storage/recoverable.hpp"
#include "tests/support/tree_fixture.hpp"

namespace stagepost::mailbox {
namespace {

using std::chrono::days;

/// Mail of a user that was expunged, in a whole server.
class Purger : public testing::tree_fixture {
protected:
  Purger() {
    must(domain::create_domain{"example.org"});
    add_user("alice@example.org");
    alice_ = find("alice@example.org").target;
  }

  void deliver_and_expunge() {
    accept(alice_.shard, {"alice@example.org"});
    await_deliveries();
    const auto inbox = ask<folder_opened>(account_of(alice_), open_folder{"INBOX"}).folder;
    const auto all = ask<view_answer>(inbox, open_view{}).view.pages;
    std::vector<uid> uids;
    for (const auto& page : all)
      for (const auto& entry : page->entries) uids.push_back(entry.uid);
    ASSERT_FALSE(uids.empty());
    ask<imap::stored>(inbox, imap::store_flags{uids, imap::flag_change::add, flag_deleted, {}, {}});
    EXPECT_EQ(ask<outcome_answer>(inbox, imap::expunge{true, {}}).outcome, outcome::done);
  }

  size_t kept() {
    return storage::read_recoverable(*shards_[alice_.shard], alice_.account, {}, 100, storage::reach::disk)
        ->size();
  }

  /// Lets the purger look, and waits until it has.
  void look() {
    const auto before = last_look();
    caf::anon_send(tree_.shards[alice_.shard].purger, atom::tick::value);
    EXPECT_TRUE(eventually([&] { return last_look() != before; }));
  }
  instant last_look() {
    const auto age = storage::read_recoverable_age(*shards_[alice_.shard], storage::reach::disk);
    return age ? age->looked_at : instant{};
  }

  domain::account_target alice_;
};

TEST_F(Purger, TakesWhatWasKeptLongEnough) {
  {
    wall_clock_shift before(-days(15));
    deliver_and_expunge();
  }
  deliver_and_expunge();
  ASSERT_EQ(kept(), 2u);
  look();
  EXPECT_EQ(kept(), 1u);
  expect_sound();
}

TEST_F(Purger, KeepsAllWhenTheClockJumpsAYear) {
  deliver_and_expunge();
  look();
  wall_clock_shift shift(days(365));
  look();
  EXPECT_EQ(kept(), 1u);
  restart();
  look();
  EXPECT_EQ(kept(), 1u);
}

TEST_F(Purger, MakesRoomWhenTheDiskIsFull) {
  deliver_and_expunge();
  look();
  ASSERT_EQ(kept(), 1u);
  auto full = *settings_->get();
  full.store.disk_reserve = conf::byte_count{UINT64_MAX};
  settings_->set(full);
  look();
  EXPECT_EQ(kept(), 0u);
  expect_sound();
}

TEST_F(Purger, TakesAllWhenNothingIsKeptAnyMore) {
  deliver_and_expunge();
  auto off = *settings_->get();
  off.store.undelete_retention = days(0);
  settings_->set(off);
  look();
  EXPECT_EQ(kept(), 0u);
  expect_sound();
}

TEST_F(Purger, LeavesNothingOfAUserWhoIsDeleted) {
  deliver_and_expunge();
  ASSERT_EQ(kept(), 1u);
  must(domain::delete_user{"alice@example.org"});
  EXPECT_TRUE(eventually([&] { return kept() == 0; }));
  EXPECT_TRUE(eventually(
      [&] { return storage::read_forgotten(*shards_[alice_.shard], 1, storage::reach::disk)->empty(); }));
  expect_sound();
}

} // namespace
} // namespace stagepost::mailbox
