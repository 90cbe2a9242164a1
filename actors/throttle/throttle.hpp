#pragma once

#include "actors/throttle/ledger.hpp"
#include "storage/store.hpp"

#include <memory>
#include <vector>

namespace stagepost::throttle {

struct throttle_state {
  static constexpr const char* name = "throttle";
  ledger counts{0};

  void tell();
};

/// The counts of all shards as they are on disk. Blocks: for the start, before anybody asks. What cannot be
/// read counts nothing, and the log says so.
ledger read_ledger(const std::vector<std::shared_ptr<storage::store>>& shards);

/// Holds domains and users to what they may send and receive in an hour. What it counts is on disk with the
/// mail that was counted.
throttle_actor::behavior_type throttle(throttle_actor::stateful_pointer<throttle_state> self, ledger known);

} // namespace stagepost::throttle

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::throttle::ledger)
