#include "storage/sharing.hpp"

#include "storage/directory.hpp"
#include "storage/mailboxes.hpp"
#include "storage/renewal.hpp"
#include "storage/verify.hpp"
#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

constexpr account_id owner{7}, ann{8}, bob{9};
constexpr domain_id home{3}, abroad{4};

class Sharing : public store_fixture {
protected:
  /// Gives folder 5 of `owner` these grants.
  void grant_all(std::vector<grant> grants) {
    auto after = folder_;
    after.grants = std::move(grants);
    batch b(*store_);
    put_grants(b, owner, folder_, after);
    put_counters(b, after.id, {});
    must_commit(b);
    folder_ = after;
  }
  size_t finds(account_id who, domain_id domain = home) {
    return read_shared(*store_, who, domain, 100, reach::disk)->size();
  }
  void expect_sound() { EXPECT_EQ(verify(*store_, {})->finding_count, 0u); }

  folder_record folder_{mailbox_id{5}, "Work", uid_validity{1}};
};

TEST_F(Sharing, IsFoundByThoseItNames) {
  grant_all({{grantee_kind::user, ann.value, 3, 0}, {grantee_kind::domain, home.value, 1, 0}});
  EXPECT_EQ(finds(ann), 2u) << "by her name and by her domain's";
  EXPECT_EQ(finds(bob), 1u);
  EXPECT_EQ(finds(bob, abroad), 0u);
  const auto found = read_shared_with_user(*store_, ann, 10, reach::disk);
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().owner, owner);
  EXPECT_EQ(found->front().folder, folder_.id);
  EXPECT_EQ(read_folder(*store_, owner, folder_.id, reach::disk)->grants.size(), 2u);
  expect_sound();
}

TEST_F(Sharing, IsNotFoundByThoseItNamesNoMore) {
  grant_all({{grantee_kind::user, ann.value, 3, 0}, {grantee_kind::user, bob.value, 3, 0}});
  grant_all({{grantee_kind::user, bob.value, 1, 0}});
  EXPECT_EQ(finds(ann), 0u);
  EXPECT_EQ(finds(bob), 1u);
  expect_sound();
  batch gone(*store_);
  delete_folder(gone, owner, folder_);
  must_commit(gone);
  EXPECT_EQ(finds(bob), 0u);
  expect_sound();
}

TEST(SharingGrants, AddUpAndDenialsWin) {
  const std::vector<grant> grants{{grantee_kind::user, ann.value, 0b0110, 0},
                                  {grantee_kind::domain, home.value, 0b0001, 0b0100},
                                  {grantee_kind::user, bob.value, 0, 0b0001}};
  EXPECT_EQ(granted_to(ann, home, grants), 0b0011);
  EXPECT_EQ(granted_to(bob, home, grants), 0);
  EXPECT_EQ(granted_to(account_id{home.value}, abroad, grants), 0) << "a user is no domain";
}

TEST_F(Sharing, SaysWhenTheIndexAndTheFoldersDisagree) {
  grant_all({{grantee_kind::user, ann.value, 3, 0}});
  auto silent = folder_;
  silent.grants = {{grantee_kind::user, bob.value, 3, 0}};
  batch b(*store_);
  put_folder(b, owner, silent); // without the index
  must_commit(b);
  EXPECT_EQ(verify(*store_, {})->finding_count, 2u);
}

TEST_F(Sharing, KeepsSubscriptionsByUser) {
  batch b(*store_);
  put_subscription(b, ann, {owner, mailbox_id{5}});
  put_subscription(b, ann, {owner, mailbox_id{6}});
  put_subscription(b, bob, {owner, mailbox_id{5}});
  must_commit(b);
  batch later(*store_);
  delete_subscription(later, ann, {owner, mailbox_id{5}});
  must_commit(later);
  const auto left = read_subscriptions(*store_, ann, 10, reach::disk);
  ASSERT_EQ(left->size(), 1u);
  EXPECT_EQ(left->front().folder, mailbox_id{6});
  expect_sound();
  batch gone(*store_);
  delete_subscriptions(gone, ann);
  must_commit(gone);
  EXPECT_TRUE(read_subscriptions(*store_, ann, 10, reach::disk)->empty());
  EXPECT_EQ(read_subscriptions(*store_, bob, 10, reach::disk)->size(), 1u);
}

TEST_F(Sharing, NobodyInheritsAfterARestoreWhatALaterAccountWasGranted) {
  grant_all({{grantee_kind::user, ann.value, 3, 0}, {grantee_kind::user, bob.value, 1, 0}});
  auto system = store::open(store_kind::system, "/system", options());
  ASSERT_TRUE(system);
  batch known(**system);
  for (const auto& [id, name] : {std::pair{owner, "owner"}, std::pair{bob, "bob"}})
    put_account(known, {id, home, name, account_role::user, 0, {}, {}});
  batch* const all[] = {&known};
  ASSERT_TRUE((*system)->commit(all).front());
  ASSERT_TRUE(remove_orphans(*store_, **system));
  EXPECT_EQ(finds(ann), 0u);
  EXPECT_EQ(finds(bob), 1u);
  EXPECT_EQ(read_folder(*store_, owner, folder_.id, reach::disk)->grants.size(), 1u);
  expect_sound();
}

} // namespace
} // namespace stagepost::storage
