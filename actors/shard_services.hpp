#pragma once

#include "actors/committer/interface.hpp"
#include "actors/index/interface.hpp"
#include "actors/mailbox/interface.hpp"
#include "actors/offload/interface.hpp"
#include "storage/store.hpp"

#include <memory>

namespace stagepost::mailbox {

/// What everything that touches one shard's mail needs.
struct services {
  std::shared_ptr<storage::store> store;
  committer::committer_actor committer;
  offload::pool_actor readers; ///< for reads that miss the cache
  eraser_actor eraser;
  index::indexer_actor indexer = {}; ///< may be empty: then nobody keeps the index
};

} // namespace stagepost::mailbox

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::services)
