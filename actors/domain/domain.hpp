#pragma once

#include "actors/domain/interface.hpp"
#include "actors/offload/interface.hpp"
#include "actors/settings.hpp"
#include "storage/store.hpp"

#include <chrono>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

namespace stagepost::domain {

/// What the actors of this family read from.
struct stores {
  std::shared_ptr<storage::store> system;
  std::vector<std::shared_ptr<storage::store>> shards;
  offload::pool_actor readers;
  live_settings_ptr settings;
};

struct domain_state {
  static constexpr const char* name = "domain";
  domain_actor::pointer self = nullptr;
  stores from;
  storage::domain_record record;
  conf::domain_settings settings;

  /// Answers given lately, newest first; a change of the domain ends this actor and with it what it remembers.
  std::list<std::pair<std::string, address_found>> recent;
  std::unordered_map<std::string, std::list<std::pair<std::string, address_found>>::iterator> recent_by_name;

  /// DOM-54: summed up in the background now and then, since it spans all users and shards.
  uint64_t used_bytes = 0;
  std::chrono::steady_clock::time_point summed_at{};
  bool summing = false;

  address_found find(const std::string& local_part);
  void remember(const std::string& local_part, const address_found& answer);
  void sum_up_if_stale();
};

domain_actor::behavior_type domain(domain_actor::stateful_pointer<domain_state> self, stores from,
                                   storage::domain_record record);

} // namespace stagepost::domain

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::stores)
