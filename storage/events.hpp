#pragma once

#include "storage/store.hpp"

#include <rocksdb/listener.h>

#include <atomic>

namespace stagepost::storage {

/// Counts what happens in a store, for its figures. RocksDB calls from its own threads.
struct store::events : rocksdb::EventListener {
  std::atomic<uint64_t> flushes{0};
  std::atomic<uint64_t> compactions_running{0};
  std::atomic<uint64_t> commits{0};
  std::atomic<uint64_t> syncs{0};

  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) override { ++flushes; }
  void OnCompactionBegin(rocksdb::DB*, const rocksdb::CompactionJobInfo&) override { ++compactions_running; }
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo&) override {
    --compactions_running;
  }
  /// A store that failed goes on when its committer says so (`resume`), not when RocksDB finds room.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* recover_by_itself) override {
    *recover_by_itself = false;
  }
};

} // namespace stagepost::storage
