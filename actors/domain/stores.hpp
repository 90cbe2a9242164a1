#pragma once

#include "actors/gateways.hpp"
#include "actors/offload/interface.hpp"
#include "actors/settings.hpp"
#include "actors/statistics/interface.hpp"
#include "storage/secrets.hpp"
#include "storage/store.hpp"

#include <caf/all.hpp>

#include <memory>
#include <vector>

namespace stagepost::domain {

/// What the actors of this family read from.
struct stores {
  std::shared_ptr<storage::store> system;
  std::vector<std::shared_ptr<storage::store>> shards;
  offload::pool_actor readers;
  live_settings_ptr settings;
  statistics::statistics_actor statistics = {};            ///< may be none
  std::shared_ptr<const storage::secret_key> secrets = {}; ///< opens private keys and passwords
  live_gateways_ptr gateways = {};                         ///< those on disk, when the directory says so
};

} // namespace stagepost::domain

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::stores)
