#include "storage/verify.hpp"
#include "tests/storage/crash_model.hpp"
#include "tests/support/fault_file_system.hpp"

#include <gtest/gtest.h>
#include <rocksdb/cache.h>

#include <cstdlib>
#include <iostream>
#include <random>

namespace stagepost::storage {
namespace {

uint64_t number_from(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value ? std::strtoull(value, nullptr, 10) : otherwise;
}

/// One machine that works, loses its power at a random moment, comes back and goes on.
class machine {
public:
  explicit machine(uint64_t seed) : random_(seed) {
    options_.memtable_bytes = 256 << 10;
    options_.wal_limit_bytes = 1 << 20;
    options_.env = env_.get();
    options_.block_cache = rocksdb::NewLRUCache(4 << 20);
  }

  /// Opens the store; the power may fail meanwhile too, and then it is opened again.
  void start() {
    for (;;) {
      auto opened = store::open(store_kind::shard, "/store", options_);
      if (opened) {
        store_ = std::move(*opened);
        return;
      }
      ASSERT_TRUE(files_->is_cut()) << to_string(opened.error().code) << ": " << opened.error().detail;
      ++cuts_;
      files_->power_on(random_());
      if (up_to(3) == 0) files_->cut_after(up_to(60)); // and again during recovery
    }
  }

  void work_until_cut() {
    if (!model_) model_.emplace(*store_, random_);
    files_->cut_after(up_to(up_to(1) ? 2'000 : 200));
    possible_ = {model_->now()};
    while (!files_->is_cut()) {
      commit_group();
      if (up_to(3) == 0 && !store_->collect(20)) break;
    }
    ++cuts_;
    store_.reset();
    files_->power_on(random_());
    if (up_to(2) == 0) files_->cut_after(up_to(60));
  }

  /// What survived is the state after the last acknowledged batch or one that a batch under way led to.
  void check() {
    files_->cut_after(UINT64_MAX >> 1);
    if (files_->is_cut()) {
      store_.reset();
      files_->power_on(random_());
      start();
    }
    const auto found = crash_model::read(*store_, possible_.back());
    ASSERT_TRUE(found) << to_string(found.error().code) << ": " << found.error().detail;
    const auto same = std::find(possible_.begin(), possible_.end(), *found);
    ASSERT_NE(same, possible_.end())
        << "the store holds neither what was acknowledged nor what was under way";
    const auto report = verify(*store_, {});
    ASSERT_TRUE(report) << report.error().detail;
    for (const auto& f : report->findings) ADD_FAILURE() << f.where << ": " << f.what;
    model_->become(*found, *store_);
  }

  uint64_t cuts() const { return cuts_; }

private:
  size_t up_to(size_t most) { return std::uniform_int_distribution<size_t>(0, most)(random_); }

  void commit_group() {
    std::vector<batch> batches;
    std::vector<crash_model::state> after;
    if (model_->now().empty()) {
      batches.push_back(model_->make_folders(3));
      after.push_back(model_->now());
    }
    for (size_t left = 1 + up_to(5); left > 0; --left) {
      batches.push_back(up_to(30) == 0 ? model_->begin_body() : model_->change());
      after.push_back(model_->now());
    }
    std::vector<batch*> group;
    for (auto& b : batches) group.push_back(&b);
    const auto answers = store_->commit(group);
    size_t done_batches = 0;
    while (done_batches < answers.size() && answers[done_batches]) ++done_batches;
    for (size_t i = done_batches; i < answers.size(); ++i) EXPECT_FALSE(answers[i]);
    const auto acknowledged = done_batches == 0 ? possible_.front() : after[done_batches - 1];
    // While nothing fails the state is certain; after a failure anything from the acknowledged one on is
    // possible.
    possible_ = {acknowledged};
    if (done_batches < answers.size())
      possible_.insert(possible_.end(), after.begin() + long(done_batches), after.end());
  }

  std::mt19937_64 random_;
  std::shared_ptr<testing::fault_file_system> files_ = std::make_shared<testing::fault_file_system>();
  std::unique_ptr<rocksdb::Env> env_ = testing::make_env(files_);
  store_options options_;
  std::unique_ptr<store> store_;
  std::optional<crash_model> model_;
  std::vector<crash_model::state> possible_;
  uint64_t cuts_ = 0;
};

// STAGEPOST_CUTS: how many cuts; STAGEPOST_SEED: to see one again (threads of the store make it likely, not
// certain).
TEST(Crash, KeepsWhatWasAcknowledgedOverPowerCuts) {
  const auto wanted = number_from("STAGEPOST_CUTS", 10);
  auto seed = number_from("STAGEPOST_SEED", 20'240'301);
  constexpr uint64_t cuts_per_machine = 10;
  uint64_t cuts = 0;
  while (cuts < wanted && !::testing::Test::HasFailure()) {
    std::cout << "seed " << seed << std::endl;
    machine m(seed++);
    m.start();
    while (m.cuts() < std::min(cuts_per_machine, wanted - cuts) && !::testing::Test::HasFailure()) {
      m.work_until_cut();
      m.start();
      if (!::testing::Test::HasFatalFailure()) m.check();
    }
    cuts += m.cuts();
  }
}

} // namespace
} // namespace stagepost::storage
