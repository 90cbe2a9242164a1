#pragma once

#include "actors/committer/interface.hpp"
#include "actors/index/interface.hpp"
#include "actors/mailbox/interface.hpp"
#include "actors/offload/interface.hpp"
#include "actors/settings.hpp"
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
  live_settings_ptr settings = {};   ///< may be empty: then nothing that is expunged is kept
};

/// Whether messages that are expunged stay recoverable.
inline bool keeps_expunged(const services& with) {
  return with.settings && with.settings->get()->store.undelete_retention.count() > 0;
}

/// Whether they take room from the user's quota.
inline bool counts_expunged(const services& with) {
  return with.settings && with.settings->get()->store.undelete_counts_to_quota;
}

} // namespace stagepost::mailbox

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::services)
