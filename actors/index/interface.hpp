#pragma once

#include "actors/atoms.hpp"
#include "protocols/base/units.hpp"

#include <caf/all.hpp>
#include <caf/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace stagepost::index {

/// Messages came to the folder or left it. Nobody waits for an answer, and one that is lost does no harm: the
/// folder's mark in the store says the same.
struct folder_changed {
  mailbox_id folder;
};

/// Forgets the index of these folders, or of all of the shard, and makes it anew.
struct rebuild_index {
  std::vector<mailbox_id> folders;
  bool all = false;
};
struct rebuild_begun {};

/// Of attached documents, in all shards.
struct document_figures {
  uint64_t read = 0;                         ///< since the start, of some kind we know
  uint64_t failed = 0;                       ///< of these: no text, for the program failed
  std::vector<std::string> missing_programs; ///< were needed and are not there
};

struct index_figures {
  uint64_t folders_waiting = 0;
  uint64_t folders_at_work = 0;
  uint64_t messages_indexed = 0;       ///< since the start
  std::chrono::nanoseconds cpu_time{}; ///< that took
  document_figures documents;
};

/// Keeps the index of words of one shard up to date.
using indexer_actor =
    caf::typed_actor<caf::reacts_to<folder_changed>, caf::replies_to<rebuild_index>::with<rebuild_begun>,
                     caf::replies_to<atom::status>::with<index_figures>>;

} // namespace stagepost::index

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::index::folder_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::index::rebuild_index)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::index::rebuild_begun)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::index::index_figures)
