#pragma once

#include "actors/atoms.hpp"
#include "storage/verify.hpp"

#include <caf/all.hpp>

#include <string>
#include <vector>

namespace stagepost::upkeep {

/// Write a copy of all stores, true at one moment, into a folder that is not there yet. The answer comes when
/// it is on disk.
struct make_backup {
  std::string folder; ///< absolute path
};
struct backup_made {
  bool done = false;
  std::string sentence; ///< why not
};

/// Prove what the tables of all shards promise each other, and what can be proven of the system store.
struct prove_stores {};
struct store_proof {
  std::string folder;
  storage::verify_report report;
};
struct stores_proven {
  bool done = false;
  std::string sentence;            ///< why not
  std::vector<store_proof> stores; ///< the shards
  store_proof system;
};

/// Does what takes long and is asked for by an administrator, on a thread that is there for as long as the
/// job: nobody's reads wait behind it. One job at a time; whoever comes with a second one is told that it is
/// busy. `atom::stop` breaks a job off and lets no other begin.
using upkeep_actor =
    caf::typed_actor<caf::replies_to<make_backup>::with<backup_made>,
                     caf::replies_to<prove_stores>::with<stores_proven>, caf::reacts_to<atom::stop>>;

} // namespace stagepost::upkeep

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::upkeep::make_backup)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::upkeep::backup_made)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::upkeep::prove_stores)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::upkeep::stores_proven)
