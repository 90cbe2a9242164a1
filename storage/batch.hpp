#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"
#include "storage/records.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace rocksdb {
class WriteBatch;
}

namespace stagepost::storage {

class store;

/// Changes of one store that become true together or not at all. Filled by the functions of the tables
/// (blobs.hpp, mailboxes.hpp, spool_table.hpp …), handed to the committer, gone after.
class batch {
public:
  explicit batch(const store& into);
  ~batch();
  batch(batch&&) noexcept;
  batch& operator=(batch&&) noexcept;

  size_t size_bytes() const;
  bool empty() const;

  /// The commit fails with errc::blob_gone when this body is not there by then: what a COPY from an old look
  /// needs.
  void require(blob_id body);
  /// Whether it may fail while its neighbours succeed.
  bool has_requirements() const { return !required_.empty(); }

private:
  friend class store;
  friend struct batch_access;
  std::unique_ptr<rocksdb::WriteBatch> writes_;
  const store* store_;
  std::vector<blob_id> required_;
  std::vector<blob_id> staged_;   ///< bodies that begin to arrive
  std::vector<blob_id> unstaged_; ///< bodies that are whole, or given up
  std::vector<blob_id> marked_;   ///< bodies that the collector shall look at
  std::vector<blob_id> whole_;    ///< bodies that a later batch of the same group may require
};

} // namespace stagepost::storage
