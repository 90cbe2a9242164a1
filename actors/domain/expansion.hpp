#pragma once

#include "actors/domain/domain.hpp"
#include "actors/domain/interface.hpp"

namespace stagepost::domain {

/// Follows aliases to the accounts and foreign addresses they stand for, each once, whatever cycles there are. Reads the
/// system store, so it belongs into the read pool.
address_expanded expand(const storage::store& system, const std::string& address, size_t limit);

} // namespace stagepost::domain
