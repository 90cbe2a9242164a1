#pragma once

#include "actors/atoms.hpp"
#include "actors/settings.hpp"
#include "actors/shard_services.hpp"
#include "storage/trace_table.hpp"

#include <caf/all.hpp>

namespace stagepost::spool {

/// Forgets traces older than the settings say, as end_of_retention counts. Asked by nobody; one per shard.
using trace_keeper_actor = caf::typed_actor<caf::reacts_to<atom::tick>>;

struct trace_keeper_state {
  static constexpr const char* name = "spool.traces";
  trace_keeper_actor::pointer self = nullptr;
  mailbox::services with;
  live_settings_ptr settings;
  caf::optional<storage::trace_age> age; ///< as stored; nothing until the first look
  std::chrono::steady_clock::time_point looked_at;

  void tick();
  void again(std::chrono::milliseconds wait);
};

trace_keeper_actor::behavior_type trace_keeper(trace_keeper_actor::stateful_pointer<trace_keeper_state> self,
                                               mailbox::services with, live_settings_ptr settings);

} // namespace stagepost::spool
