#pragma once

#include "storage/batch.hpp"

#include <caf/all.hpp>
#include <caf/fwd.hpp>

#include <memory>

namespace stagepost::committer {

/// Changes built on each other: when one of them fails, all that come after it fail. Only the committer reads
/// and writes `broken`.
struct chain {
  bool broken = false;
};

/// The right of one life of an actor to write. Whoever follows it takes it back first, so that the two never
/// write of the same thing. Only the committer reads and writes `revoked`.
struct lease {
  bool revoked = false;
};

/// Make these changes durable. Several may wait for one sync of the log; they become true in the order they
/// came. The answer comes after the sync, or is a storage error and nothing of the batch is true.
struct commit_batch {
  std::shared_ptr<storage::batch> changes;
  std::shared_ptr<committer::chain> chain;      ///< may be empty
  std::shared_ptr<committer::lease> lease = {}; ///< may be empty; once it is revoked the changes are refused
};

struct committed {};

/// Answered when all that was handed in before has ended, well or not; what comes under this lease later is
/// refused. So whoever reads after the answer sees all that the holder will ever have written.
struct revoke_lease {
  std::shared_ptr<committer::lease> lease; ///< may be empty: then this only waits
};
struct lease_revoked {};

/// The one writer of a store.
using committer_actor = caf::typed_actor<caf::replies_to<commit_batch>::with<committed>,
                                         caf::replies_to<revoke_lease>::with<lease_revoked>>;

} // namespace stagepost::committer

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::committer::commit_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::committer::committed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::committer::revoke_lease)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::committer::lease_revoked)
