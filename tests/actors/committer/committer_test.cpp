#include "actors/committer/committer.hpp"

#include "actors/error.hpp"
#include "storage/blobs.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fault_file_system.hpp"

#include <functional>
#include <future>
#include <optional>

namespace stagepost::committer {
namespace {

/// On a file system in memory that can break, and on one thread that can be kept busy.
class Committer : public testing::actor_fixture {
protected:
  Committer() : actor_fixture(1) {
    storage::store_options options;
    options.env = env_.get();
    store_ = testing::open_store(storage::store_kind::shard, "/store", options);
    committer_ = system_->spawn(committer, store_, group_limits{});
  }
  ~Committer() override {
    end(committer_);
    committer_ = nullptr;
  }

  commit_batch body(blob_id number, std::shared_ptr<chain> built_on = nullptr) {
    commit_batch made{std::make_shared<storage::batch>(*store_), std::move(built_on)};
    storage::put_chunk(*made.changes, number, 0, "octets", true);
    storage::put_blob(*made.changes, number, {6, 1, {}});
    return made;
  }
  bool is_there(blob_id number) { return bool(storage::read_blob(*store_, number, storage::reach::disk)); }
  caf::error commit(commit_batch what) { return ask_for_error<committed>(committer_, std::move(what)); }

  /// What `send` sends meets in the committer's mailbox: the only thread is busy meanwhile.
  void while_busy(const std::function<void()>& send) {
    std::promise<void> begun, go;
    system_->spawn([&begun, wait = go.get_future().share()](caf::event_based_actor*) {
      begun.set_value();
      wait.wait();
    });
    begun.get_future().wait();
    send();
    go.set_value();
  }
  /// Sends all while the only thread is busy, so that they meet in the committer's mailbox; answers their
  /// errors.
  std::vector<caf::error> commit_together(const std::vector<commit_batch>& all) {
    caf::scoped_actor client(*system_);
    using answer = decltype(client->request(committer_, testing::patience, commit_batch{}));
    std::vector<answer> answers;
    while_busy([&] {
      for (const auto& each : all) answers.push_back(client->request(committer_, testing::patience, each));
    });
    std::vector<caf::error> errors;
    for (auto& each : answers)
      each.receive([&](committed) { errors.emplace_back(); },
                   [&](caf::error& failed) { errors.push_back(failed); });
    return errors;
  }

  void break_log(bool disk_full) {
    testing::fault broken;
    broken.operation = testing::fault_operation::append;
    broken.suffix = ".log";
    broken.times = UINT64_MAX;
    broken.disk_full = disk_full;
    files_->inject(broken);
  }

  std::shared_ptr<testing::fault_file_system> files_ = std::make_shared<testing::fault_file_system>();
  std::unique_ptr<rocksdb::Env> env_ = testing::make_env(files_);
  std::shared_ptr<storage::store> store_;
  committer_self committer_;
};

TEST_F(Committer, WritesAndAnswersWhatItHasTakenWhenItEnds) {
  caf::scoped_actor client(*system_);
  std::optional<decltype(client->request(committer_, testing::patience, commit_batch{}))> answer;
  while_busy([&] {
    answer.emplace(client->request(committer_, testing::patience, body(blob_id{1})));
    // Of ordinary priority: behind the batch, but before the sync that it waits for.
    caf::anon_send(caf::actor_cast<caf::actor>(committer_),
                   caf::exit_msg{client->address(), caf::exit_reason::user_shutdown});
  });
  answer->receive([](committed) {}, [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  EXPECT_TRUE(is_there(blob_id{1}));
}

TEST_F(Committer, AnswersWhenItIsOnDisk) {
  EXPECT_FALSE(commit(body(blob_id{1})));
  files_->cut();
  end(committer_);
  store_.reset();
  files_->power_on(1);
  storage::store_options options;
  options.env = env_.get();
  store_ = testing::open_store(storage::store_kind::shard, "/store", options);
  committer_ = system_->spawn(committer, store_, group_limits{});
  EXPECT_TRUE(is_there(blob_id{1}));
}

TEST_F(Committer, SharesOneSyncAmongAllWhoWait) {
  const auto before = store_->figures();
  std::vector<commit_batch> all;
  for (uint64_t i = 1; i <= 100; ++i) all.push_back(body(blob_id{i}));
  for (const auto& failed : commit_together(all)) EXPECT_FALSE(failed) << describe(failed);
  EXPECT_EQ(store_->figures().commits - before.commits, 100u);
  EXPECT_EQ(store_->figures().syncs - before.syncs, 1u);
  for (uint64_t i = 1; i <= 100; ++i) EXPECT_TRUE(is_there(blob_id{i}));
}

TEST_F(Committer, MakesBatchesTrueInTheOrderTheyCame) {
  std::vector<commit_batch> all;
  for (uint32_t i = 1; i <= 20; ++i) {
    all.push_back({std::make_shared<storage::batch>(*store_), nullptr});
    storage::put_blob(*all.back().changes, blob_id{1}, {i, 1, {}});
  }
  commit_together(all);
  EXPECT_EQ(storage::read_blob(*store_, blob_id{1}, storage::reach::disk)->size_bytes, 20u);
}

TEST_F(Committer, SaysThatTheDiskIsFullAndGoesOnWhenItIsNot) {
  break_log(true);
  const auto failed = commit(body(blob_id{1}));
  EXPECT_EQ(failed.category(), caf::atom("storage"));
  EXPECT_EQ(storage_code(failed), storage::errc::disk_full);
  EXPECT_TRUE(store_->failed());
  EXPECT_TRUE(commit(body(blob_id{2}))); // at once, without trying the disk again
  files_->clear_faults();
  caf::anon_send(committer_, atom::tick::value);
  EXPECT_TRUE(eventually([&] { return !store_->failed(); }));
  EXPECT_FALSE(commit(body(blob_id{3})));
  EXPECT_TRUE(is_there(blob_id{3}));
  EXPECT_FALSE(is_there(blob_id{2}));
}

TEST_F(Committer, AnswersNobodyThatItIsDoneWhenTheDiskFails) {
  break_log(false);
  std::vector<commit_batch> all;
  for (uint64_t i = 1; i <= 10; ++i) all.push_back(body(blob_id{i}));
  for (const auto& failed : commit_together(all)) EXPECT_TRUE(failed);
  for (uint64_t i = 1; i <= 10; ++i) EXPECT_FALSE(is_there(blob_id{i}));
}

TEST_F(Committer, FailsAllThatIsBuiltOnAFailedChange) {
  const auto built_on = std::make_shared<chain>();
  auto impossible = body(blob_id{1}, built_on);
  impossible.changes->require(blob_id{999});
  const auto errors = commit_together({impossible, body(blob_id{2}, built_on), body(blob_id{3}),
                                       body(blob_id{4}, std::make_shared<chain>())});
  ASSERT_EQ(errors.size(), 4u);
  EXPECT_EQ(storage_code(errors[0]), storage::errc::blob_gone);
  EXPECT_TRUE(errors[1]);
  EXPECT_FALSE(errors[2]);
  EXPECT_FALSE(errors[3]);
  EXPECT_FALSE(is_there(blob_id{1}));
  EXPECT_FALSE(is_there(blob_id{2}));
  EXPECT_TRUE(is_there(blob_id{3}));
  EXPECT_TRUE(commit(body(blob_id{5}, built_on))); // also later
  EXPECT_FALSE(commit(body(blob_id{5}, std::make_shared<chain>())));
}

TEST_F(Committer, TakesALeaseBackBehindAllThatWasHandedIn) {
  const auto old = std::make_shared<lease>();
  const auto under = [this](blob_id number, const std::shared_ptr<lease>& right) {
    auto made = body(number);
    made.lease = right;
    return made;
  };
  std::promise<void> go; // the only thread is busy until then: all of this meets in the committer's mailbox
  system_->spawn([wait = go.get_future().share()](caf::event_based_actor*) { wait.wait(); });
  caf::scoped_actor client(*system_);
  auto before = client->request(committer_, testing::patience, under(blob_id{1}, old));
  auto taken = client->request(committer_, testing::patience, revoke_lease{old});
  auto late = client->request(committer_, testing::patience, under(blob_id{2}, old));
  auto next = client->request(committer_, testing::patience, under(blob_id{3}, std::make_shared<lease>()));
  go.set_value();
  const auto is_wrong = [](caf::error& failed) { ADD_FAILURE() << describe(failed); };
  taken.receive([this](lease_revoked) { EXPECT_TRUE(is_there(blob_id{1})); }, is_wrong);
  before.receive([](committed) {}, is_wrong);
  late.receive([](committed) { ADD_FAILURE() << "written"; }, [](caf::error&) {});
  next.receive([](committed) {}, is_wrong);
  EXPECT_FALSE(is_there(blob_id{2}));
  EXPECT_TRUE(commit(under(blob_id{2}, old))); // also later
}

TEST_F(Committer, ABatchThatFailsForItselfTakesNobodyAlong) {
  auto impossible = body(blob_id{1});
  impossible.changes->require(blob_id{999});
  const auto errors = commit_together({body(blob_id{2}), impossible, body(blob_id{3})});
  EXPECT_FALSE(errors[0]);
  EXPECT_EQ(storage_code(errors[1]), storage::errc::blob_gone);
  EXPECT_FALSE(errors[2]);
  EXPECT_FALSE(store_->failed());
}

TEST_F(Committer, OutlivesWhoDoesNotUnderstandItsAnswer) {
  const auto hand_in = [this](commit_batch what) {
    caf::scoped_actor self(*system_);
    system_->spawn([to = committer_, what,
                    waits = caf::actor(self)](caf::event_based_actor* careless) -> caf::behavior {
      careless->send(to, what); // not a request: the answer comes as a message, and is answered with an error
      careless->set_default_handler(
          [waits](caf::scheduled_actor* it, caf::message_view&) -> caf::result<caf::message> {
            caf::anon_send(waits, atom::tick::value);
            it->quit();
            return caf::sec::unexpected_message;
          });
      return {[](atom::status) {}};
    });
    self->receive([](atom::tick) {});
  };
  hand_in(body(blob_id{1}));
  EXPECT_FALSE(commit(body(blob_id{2})));
  EXPECT_TRUE(is_there(blob_id{1}));
}

TEST_F(Committer, CollectsBodiesNobodyKeeps) {
  auto what = body(blob_id{1});
  storage::put_reference(*what.changes, blob_id{1}, storage::blob_owner::spool, 7, 0);
  EXPECT_FALSE(commit(what));
  commit_batch drop{std::make_shared<storage::batch>(*store_), nullptr};
  storage::drop_reference(*drop.changes, blob_id{1}, storage::blob_owner::spool, 7, 0);
  EXPECT_FALSE(commit(drop));
  EXPECT_TRUE(eventually([&] {
    caf::anon_send(committer_, atom::tick::value);
    commit({std::make_shared<storage::batch>(*store_), nullptr});
    return !is_there(blob_id{1});
  }));
}

} // namespace
} // namespace stagepost::committer
