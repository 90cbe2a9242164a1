#pragma once

#include "actors/atoms.hpp"
#include "actors/committer/interface.hpp"
#include "storage/store.hpp"

#include <memory>
#include <vector>

namespace stagepost::committer {

/// With what it tells itself.
using committer_self = committer_actor::extend<caf::reacts_to<atom::flush>, caf::reacts_to<atom::tick>>;

/// When a group is closed: bounds how long the first of its batches waits, and what is in memory.
struct group_limits {
  size_t batches = 512;
  uint64_t bytes = 8u << 20;
};

struct committer_state {
  static constexpr const char* name = "committer";
  committer_self::pointer self = nullptr;
  std::shared_ptr<storage::store> store;
  struct order {
    commit_batch what;
    caf::typed_response_promise<committed> answer;
  };
  std::vector<order> orders; ///< waiting for the next sync, in order of arrival
  uint64_t waiting_bytes = 0;
  group_limits limits;
  bool flush_sent = false;
  uint32_t failed_ticks = 0; ///< since the store took its last write
  uint32_t failed_ticks_with_room = 0;

  caf::result<committed> add(const commit_batch& what);
  lease_revoked revoke(const revoke_lease& what);
  void flush();
  size_t commit_from(size_t first);
  void resume();
  void tick();
};

/// Spawn `caf::detached`: it waits for the disk. While it does, more batches gather in its mailbox and share
/// the next sync: that is what makes many small durable writes cheap.
committer_self::behavior_type committer(committer_self::stateful_pointer<committer_state> self,
                                        std::shared_ptr<storage::store> store, group_limits limits);

} // namespace stagepost::committer

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::committer::group_limits)
