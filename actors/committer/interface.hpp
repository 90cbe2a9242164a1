#pragma once

#include "storage/batch.hpp"

#include <caf/fwd.hpp>
#include <caf/all.hpp>

#include <memory>

namespace stagepost::committer {

/// Changes built on each other: when one of them fails, all that come after it fail. Only the committer reads and writes
/// `broken`.
struct chain {
  bool broken = false;
};

/// Make these changes durable. Several may wait for one sync of the log; they become true in the order they came. The
/// answer comes after the sync, or is a storage error and nothing of the batch is true.
struct commit_batch {
  std::shared_ptr<storage::batch> changes;
  std::shared_ptr<committer::chain> chain; ///< may be empty
};

struct committed {};

/// The one writer of a store.
using committer_actor = caf::typed_actor<caf::replies_to<commit_batch>::with<committed>>;

} // namespace stagepost::committer

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::committer::commit_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::committer::committed)
