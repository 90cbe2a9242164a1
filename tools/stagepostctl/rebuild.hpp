#pragma once

#include "conf/settings.hpp"

#include <string>

namespace stagepost::ctl {

/// Makes the folders of all users, or of one, again from what is left of them (storage/rebuild.hpp), after a
/// copy of each store that shares its files was put aside in the data folder as "before-rebuild-…". Prints
/// what it did. Answers whether the stores are sound now. Throws std::runtime_error with a sentence, also
/// while a server runs.
bool rebuild(const std::string& address, const conf::node_settings& node);

} // namespace stagepost::ctl
