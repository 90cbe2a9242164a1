#pragma once

#include "storage/batch.hpp"
#include "storage/blobs.hpp"
#include "storage/mailboxes.hpp"
#include "storage/store.hpp"
#include "tests/support/fault_file_system.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace stagepost::storage {

/// A store on a file system in memory that can lose its power.
class store_fixture : public ::testing::Test {
protected:
  store_fixture() { open_store(); }

  store_options options() const {
    store_options out;
    out.memtable_bytes = 256 << 10;
    out.wal_limit_bytes = 1 << 20;
    out.env = env_.get();
    out.shard = 3;
    return out;
  }

  result<std::unique_ptr<store>> try_open(store_kind kind = store_kind::shard) {
    return store::open(kind, "/store", options());
  }

  void open_store(store_kind kind = store_kind::shard) {
    store_.reset();
    auto opened = try_open(kind);
    ASSERT_TRUE(opened) << to_string(opened.error().code) << ": " << opened.error().detail;
    store_ = std::move(*opened);
  }

  /// The power fails and comes back; the store is opened on what survived.
  void lose_power(uint64_t seed) {
    files_->cut();
    store_.reset();
    files_->power_on(seed);
    open_store();
  }

  result<done> commit(batch& b) {
    batch* const all[] = {&b};
    return store_->commit(all).front();
  }

  void must_commit(batch& b) {
    const auto committed = commit(b);
    ASSERT_TRUE(committed) << to_string(committed.error().code) << ": " << committed.error().detail;
  }

  /// A body of one piece that a message keeps alive.
  blob_id put_body(batch& b, bytes_view content, mailbox_id folder, uid id) {
    const auto body = store_->next_blob();
    put_chunk(b, body, 0, content, true);
    put_blob(b, body, {content.size(), 1, {}});
    put_reference(b, body, blob_owner::mailbox, folder.value, id.value);
    return body;
  }

  std::shared_ptr<testing::fault_file_system> files_ = std::make_shared<testing::fault_file_system>();
  std::unique_ptr<rocksdb::Env> env_ = testing::make_env(files_);
  std::unique_ptr<store> store_;
};

} // namespace stagepost::storage
