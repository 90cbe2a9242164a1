#include "tests/crash/machine.hpp"

#include "actors/net/scheduler.hpp"

#include <gtest/gtest.h>
#include <rocksdb/cache.h>

namespace stagepost::testing {

namespace {

live_settings_ptr quick_settings() {
  conf::system_settings settings;
  settings.passwords.argon2id_memory.bytes = 8 << 20;
  settings.passwords.argon2id_passes = 1;
  settings.passwords.scram_iterations = 4096;
  return std::make_shared<live_settings>(settings);
}

} // namespace

machine::machine() {
  // So small that cuts fall on log switches, flushes, compactions and the collection of blobs.
  options_.memtable_bytes = 256 << 10;
  options_.wal_limit_bytes = 1 << 20;
  options_.env = env_.get();
  options_.block_cache = rocksdb::NewLRUCache(4 << 20);
}

machine::~machine() { stop(); }

std::shared_ptr<storage::store> machine::open(storage::store_kind kind, const std::string& folder) {
  auto opened = storage::store::open(kind, folder, options_);
  if (opened) return std::move(*opened);
  EXPECT_TRUE(disk_->is_cut()) << folder << ": " << to_string(opened.error().code) << ": "
                               << opened.error().detail;
  return nullptr;
}

bool machine::start() {
  const auto system_store = open(storage::store_kind::system, "/system");
  if (!system_store) return false;
  const auto shard_store = open(storage::store_kind::shard, "/shard0");
  if (!shard_store) return false;
  config_ = std::make_unique<caf::actor_system_config>();
  config_->set("scheduler.max-threads", size_t(2));
  config_->load<net::scheduler>();
  system_ = std::make_unique<caf::actor_system>(*config_);
  tree_ = supervisor::plant(*system_, {system_store,
                                       {shard_store},
                                       quick_settings(),
                                       std::make_shared<metrics::counters>(),
                                       std::string(32, 'g')});
  return true;
}

void machine::stop() {
  if (!system_) return;
  supervisor::fell(*system_, tree_);
  tree_ = {};
  system_.reset();
  config_.reset();
}

} // namespace stagepost::testing
