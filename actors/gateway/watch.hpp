#pragma once

#include "actors/atoms.hpp"
#include "actors/gateway/interface.hpp"
#include "actors/gateway/primary_probe.hpp"
#include "actors/incoming_gateways.hpp"
#include "actors/outbound/interface.hpp"
#include "actors/shard_services.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace stagepost::gateway {

struct watch_services {
  live_gateways_ptr gateways;
  std::vector<mailbox::services> shards; ///< whose spools are looked at
  outbound::dispatcher_actor dispatcher;
  probe_setup_ptr probes;
  entry_actor entry; ///< knows whose the domains are that no gateway lists
};

/// The watch with what it hears of its own.
using working_watch_actor = watch_actor::extend<caf::reacts_to<probed>, caf::reacts_to<atom::tick>>;

/// Which of the destinations have mail waiting in one of the shards. Blocks: belongs into the read pool.
std::set<std::string> waiting_among(const std::vector<mailbox::services>& shards,
                                    const std::set<std::string>& destinations);

struct watch_state {
  static constexpr const char* name = "gateway.watch";
  using steady = std::chrono::steady_clock::time_point;
  working_watch_actor::pointer self = nullptr;
  watch_services with;
  incoming_view gateways;
  std::chrono::milliseconds interval{0};
  bool looked_at_start = false;

  /// A primary that lets nobody in.
  struct primary {
    std::set<std::string> destinations; ///< where mail waits for it; a bounded number
    steady knock_at;
    bool is_asked = false; ///< a look at the spools or a probe is under way
  };
  std::map<std::string, primary> away; ///< by gateway
  std::map<uint64_t, std::string> probes;
  uint64_t next_probe = 0;

  void refused(const primary_refused& what);
  void back(const std::string& gateway);
  void tick();
  void look_at_start();
  /// Adds what waits for a gateway that does not list its domains; one question after the other.
  void ask_whose(std::shared_ptr<std::vector<std::string>> destinations);
  void held_for(const std::string& gateway, const std::string& destination);
  /// Knocks if mail still waits, else forgets the primary.
  void look(const std::string& gateway);
  void knock(const std::string& gateway);
  void heard_of(const probed& found);
};

/// Between two probes of a primary that lets nobody in.
inline constexpr std::chrono::milliseconds knock_interval = std::chrono::seconds(20);

working_watch_actor::behavior_type watch(working_watch_actor::stateful_pointer<watch_state> self,
                                         watch_services with, std::chrono::milliseconds interval);

} // namespace stagepost::gateway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::gateway::watch_services)
