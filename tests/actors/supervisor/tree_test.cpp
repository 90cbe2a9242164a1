#include "tests/support/tree_fixture.hpp"

namespace stagepost::supervisor {
namespace {

using Tree = testing::tree_fixture;

TEST_F(Tree, LeavesNothingAliveWhenItIsFelled) {
  must(domain::create_domain{"example.org"});
  for (int i = 0; i < 6; ++i) add_user("user" + std::to_string(i) + "@example.org");
  for (int i = 0; i < 6; ++i) {
    accept(0, {"user" + std::to_string(i) + "@example.org"});
    find("user" + std::to_string(i) + "@example.org");
  }
  await_deliveries();
  const auto before = system_->registry().running();
  EXPECT_GT(before, 10u);
  fell();
  // Folders, accounts and domains end with their parents, each in its own thread's time.
  EXPECT_TRUE(eventually([&] { return system_->registry().running() == 0; }));
  for (const auto& each : shards_) EXPECT_TRUE(eventually([&] { return each.use_count() == 1; }));
  EXPECT_TRUE(eventually([&] { return system_store_.use_count() == 1; }));
}

TEST_F(Tree, CanBePlantedAgainOnTheSameStores) {
  must(domain::create_domain{"example.org"});
  add_user("alice@example.org");
  restart();
  EXPECT_EQ(find("alice@example.org").kind, domain::address_kind::account);
  accept(2, {"alice@example.org"});
  await_deliveries();
  EXPECT_EQ(messages_of("alice@example.org"), 1u);
}

TEST_F(Tree, SpreadsUsersOverTheShards) {
  must(domain::create_domain{"example.org"});
  std::map<uint8_t, int> users;
  for (int i = 0; i < 6; ++i) {
    add_user("user" + std::to_string(i) + "@example.org");
    ++users[find("user" + std::to_string(i) + "@example.org").target.shard];
  }
  EXPECT_EQ(users, (std::map<uint8_t, int>{{0, 2}, {1, 2}, {2, 2}}));
}

TEST_F(Tree, ErasesTheMailOfADeletedUser) {
  must(domain::create_domain{"example.org"});
  add_user("alice@example.org");
  const auto who = find("alice@example.org").target;
  accept(0, {"alice@example.org"});
  await_deliveries();
  must(domain::delete_user{"alice@example.org"});
  EXPECT_TRUE(eventually([&] {
    return storage::read_folders(*shards_[who.shard], who.account, storage::reach::disk)->empty() &&
           storage::verify(*shards_[who.shard], {})->messages == 0;
  }));
  expect_sound();
}

TEST_F(Tree, ErasesTheMailOfAUserWhoWasDeletedJustBeforeACrash) {
  must(domain::create_domain{"example.org"});
  add_user("alice@example.org");
  const auto who = find("alice@example.org").target;
  accept(0, {"alice@example.org"});
  await_deliveries();
  // What the deletion wrote, and nothing of what follows it.
  const auto record = storage::read_account(*system_store_, who.account, storage::reach::disk);
  ASSERT_TRUE(record);
  committer::commit_batch deletion{std::make_shared<storage::batch>(*system_store_), nullptr};
  storage::delete_account(*deletion.changes, *record);
  storage::put_departed(*deletion.changes, {record->id, record->shard});
  ask<committer::committed>(tree_.system_committer, deletion);
  deletion.changes.reset();
  restart();
  EXPECT_TRUE(eventually([&] {
    return storage::read_folders(*shards_[who.shard], who.account, storage::reach::disk)->empty() &&
           storage::verify(*shards_[who.shard], {})->messages == 0;
  }));
  EXPECT_TRUE(
      eventually([&] { return storage::read_departed(*system_store_, 10, storage::reach::disk)->empty(); }));
  expect_sound();
}

TEST_F(Tree, GivesTheContextOfAListener) {
  conf::node_settings node;
  node.node_name = "mx.example.org";
  conf::listener listener;
  listener.name = "smtp";
  const auto with = context_for(tree_, node, listener, nullptr);
  EXPECT_EQ(with->shards.size(), 3u);
  EXPECT_EQ(with->host_name, conf::host_name_of(node, listener));
}

} // namespace
} // namespace stagepost::supervisor
