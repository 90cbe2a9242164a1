#include "actors/upkeep/upkeep.hpp"

#include "storage/backup.hpp"
#include "tests/support/tree_fixture.hpp"

#include <filesystem>

namespace stagepost::upkeep {
namespace {

namespace fs = std::filesystem;

class Upkeep : public testing::tree_fixture {
protected:
  Upkeep() {
    must(domain::create_domain{"example.org"});
    for (const auto* name : {"alice", "bob", "carol"}) add_user(std::string(name) + "@example.org");
  }
  std::string target(const std::string& name = "backup") const { return backups_.path() + '/' + name; }
  backup_made back_up(const std::string& folder) {
    return ask<backup_made>(tree_.upkeep, make_backup{folder});
  }

  testing::temporary_folder backups_;
};

/// Somebody who is asked to hold mail back and takes his time: a backup waits for him.
struct slow_state {
  caf::typed_response_promise<delivery::crossings_held> asked;
  bool released = false;
};
using slow_actor =
    delivery::crossing_actor::extend<caf::reacts_to<atom::flush>, caf::replies_to<atom::status>::with<int>>;

slow_actor::behavior_type slow(slow_actor::stateful_pointer<slow_state> self) {
  return {
      [self](delivery::hold_crossings) -> caf::result<delivery::crossings_held> {
        self->state.asked = self->make_response_promise<delivery::crossings_held>();
        return self->state.asked;
      },
      [self](delivery::release_crossings) { self->state.released = true; },
      [self](atom::flush) { self->state.asked.deliver(delivery::crossings_held{}); },
      [self](atom::status) { return self->state.released          ? 2
                                    : self->state.asked.pending() ? 1
                                                                  : 0; },
  };
}

TEST_F(Upkeep, WritesAWholeBackup) {
  accept(0, {"alice@example.org", "bob@example.org", "carol@example.org"});
  await_deliveries();
  const auto made = back_up(target());
  ASSERT_TRUE(made.done) << made.sentence;
  const auto manifest = storage::read_backup(target());
  ASSERT_TRUE(manifest) << manifest.error().detail;
  EXPECT_EQ(manifest->shards, shard_count);
  EXPECT_EQ(fs::status(target()).permissions(), fs::perms::owner_all);
  EXPECT_FALSE(fs::exists(folder_.path() + "/backup.new"));
  for (uint32_t i = 0; i < shard_count; ++i) {
    storage::store_options options;
    options.shard = uint8_t(i);
    const auto copy =
        testing::open_store(storage::store_kind::shard, target() + "/shard" + std::to_string(i), options);
    const auto report = storage::verify(*copy, {});
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->sound());
    EXPECT_EQ(report->messages, 1u);
  }
}

TEST_F(Upkeep, WritesOverNothing) {
  ASSERT_TRUE(back_up(target()).done);
  for (const auto& [folder, word] : {std::pair{target(), "there already"},
                                     {std::string("relative"), "absolute path"},
                                     {std::string(), "absolute path"}}) {
    const auto refused = back_up(folder);
    EXPECT_FALSE(refused.done);
    EXPECT_NE(refused.sentence.find(word), std::string::npos) << refused.sentence;
  }
  fs::create_directory(target("other.part"));
  EXPECT_FALSE(back_up(target("other")).done);
  EXPECT_TRUE(fs::exists(target("other.part"))) << "not ours";
}

TEST_F(Upkeep, LetsMailCrossAgainAfterABackupAndAfterOneThatFailed) {
  const auto everybody =
      std::vector<std::string>{"alice@example.org", "bob@example.org", "carol@example.org"};
  ASSERT_TRUE(back_up(target()).done);
  accept(0, everybody);
  await_deliveries();
  fs::create_directory(folder_.path() +
                       "/backup.new"); // the leavings of one that was cut off are no hindrance
  ASSERT_TRUE(back_up(target("second")).done);
  EXPECT_FALSE(back_up("/proc/no/such/place").done);
  accept(0, everybody);
  await_deliveries();
  for (const auto& each : everybody) EXPECT_EQ(messages_of(each), 2u);
  expect_sound();
}

TEST_F(Upkeep, DoesOneThingAtATime) {
  const auto gate = system_->spawn(slow);
  const auto one =
      system_->spawn(upkeep, all_stores{system_store_, shards_}, std::vector<delivery::crossing_actor>{gate});
  caf::scoped_actor client(*system_);
  auto first = client->request(one, testing::patience, make_backup{target()});
  EXPECT_TRUE(eventually([&] { return ask<int>(gate, atom::status::value) == 1; }));
  EXPECT_NE(ask<backup_made>(one, make_backup{target("second")}).sentence.find("under way"),
            std::string::npos);
  EXPECT_NE(ask<stores_proven>(one, prove_stores{}).sentence.find("under way"), std::string::npos);
  client->send(gate, atom::flush::value);
  first.receive([](backup_made& made) { EXPECT_TRUE(made.done) << made.sentence; },
                [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  EXPECT_EQ(ask<int>(gate, atom::status::value), 2);
  EXPECT_TRUE(ask<stores_proven>(one, prove_stores{}).done);
  end(one);
  end(gate);
}

TEST_F(Upkeep, BreaksOffWhenTheServerStops) {
  const auto gate = system_->spawn(slow);
  const auto one =
      system_->spawn(upkeep, all_stores{system_store_, shards_}, std::vector<delivery::crossing_actor>{gate});
  caf::scoped_actor client(*system_);
  auto first = client->request(one, testing::patience, make_backup{target()});
  EXPECT_TRUE(eventually([&] { return ask<int>(gate, atom::status::value) == 1; }));
  client->send(one, atom::stop::value);
  client->send(gate, atom::flush::value);
  first.receive(
      [](backup_made& made) {
        EXPECT_NE(made.sentence.find("stopping"), std::string::npos) << made.sentence;
      },
      [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  EXPECT_TRUE(eventually([&] { return !fs::exists(folder_.path() + "/backup.new"); }));
  EXPECT_FALSE(fs::exists(target()));
  EXPECT_FALSE(ask<stores_proven>(one, prove_stores{}).done);
  end(one);
  end(gate);
}

TEST_F(Upkeep, AnswersWhoWaitsWhenItEnds) {
  const auto gate = system_->spawn(slow);
  const auto one =
      system_->spawn(upkeep, all_stores{system_store_, shards_}, std::vector<delivery::crossing_actor>{gate});
  caf::scoped_actor client(*system_);
  auto first = client->request(one, testing::patience, make_backup{target()});
  EXPECT_TRUE(eventually([&] { return ask<int>(gate, atom::status::value) == 1; }));
  end(one);
  bool answered = false;
  first.receive([&](backup_made& made) { answered = !made.done; }, [&](caf::error&) { answered = true; });
  EXPECT_TRUE(answered);
  end(gate);
}

TEST_F(Upkeep, FindsWhatIsWrongWithAStore) {
  const auto sound = ask<stores_proven>(tree_.upkeep, prove_stores{});
  ASSERT_TRUE(sound.done) << sound.sentence;
  ASSERT_EQ(sound.stores.size(), shard_count);
  for (const auto& each : sound.stores) EXPECT_TRUE(each.report.sound());

  committer::commit_batch wrong{std::make_shared<storage::batch>(*shards_[1]), nullptr};
  storage::put_recipient(*wrong.changes, queue_id{99}, {}); // of a message that is not in the spool
  ask<committer::committed>(tree_.shards[1].with.committer, wrong);
  const auto unsound = ask<stores_proven>(tree_.upkeep, prove_stores{});
  ASSERT_TRUE(unsound.done);
  EXPECT_TRUE(unsound.stores[0].report.sound());
  EXPECT_FALSE(unsound.stores[1].report.sound());
  EXPECT_EQ(unsound.stores[1].folder, shards_[1]->folder());
}

} // namespace
} // namespace stagepost::upkeep
