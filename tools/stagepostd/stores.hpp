#pragma once

#include "conf/settings.hpp"
#include "conf/stored.hpp"
#include "storage/secrets.hpp"
#include "storage/store.hpp"

#include <memory>
#include <string>
#include <vector>

namespace stagepost::daemon {

/// The stores of a node, and what had to be read from them before anything else could start.
struct opened_stores {
  std::shared_ptr<storage::store> system;
  std::vector<std::shared_ptr<storage::store>> shards;
  conf::system_settings settings;
  std::string guise_secret;
};

/// Opens or makes them under the node's data folder. `first_start` counts when the system store has just been
/// made. Throws std::runtime_error with a sentence.
std::shared_ptr<opened_stores> open_stores(const conf::node_settings& node,
                                           const conf::stored_settings& first_start,
                                           const storage::secret_key& key);

} // namespace stagepost::daemon
