#pragma once

#include "actors/mailbox/interface.hpp"
#include "actors/shard_services.hpp"
#include "storage/recoverable.hpp"

#include <caf/all.hpp>

#include <chrono>

namespace stagepost::mailbox {

/// What was expunged says itself, on disk, since when it is kept; how old that is counts end_of_retention.
struct purger_state {
  static constexpr const char* name = "mailbox.purger";
  purger_actor::pointer self = nullptr;
  services with;
  accounts_actor accounts;               ///< is told whose room it was
  caf::optional<storage::trace_age> age; ///< as stored; nothing until the first look
  std::chrono::steady_clock::time_point looked_at;

  void tick();
  void again(std::chrono::milliseconds wait);
};

purger_actor::behavior_type purger(purger_actor::stateful_pointer<purger_state> self, services with,
                                   accounts_actor accounts);

} // namespace stagepost::mailbox
