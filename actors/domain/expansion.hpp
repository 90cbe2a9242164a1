#pragma once

#include "actors/domain/interface.hpp"
#include "storage/store.hpp"

#include <string>

namespace stagepost::domain {

/// Follows aliases to the accounts and foreign addresses they stand for, each once, whatever cycles there
/// are. What leads nowhere is named too, so that nothing vanishes unseen. Reads the system store, so it
/// belongs into the read pool.
address_expanded expand(const storage::store& system, const std::string& plus_separator,
                        const std::string& address, size_t limit);

} // namespace stagepost::domain
