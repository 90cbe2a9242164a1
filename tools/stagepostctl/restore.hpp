#pragma once

#include "conf/settings.hpp"

#include <string>

namespace stagepost::ctl {

/// Puts the stores of a backup where the node expects them, and gives every folder a new UIDVALIDITY. The
/// backup is copied beside the data, opened and proven there before anything is touched; what was in use is
/// kept in the data folder as "before-restore-…". Cut off at any moment it leaves the old data, or a note
/// that keeps a server from starting and that makes the next restore finish this one. Throws
/// std::runtime_error with a sentence, also while a server runs.
void restore(const std::string& backup, const conf::node_settings& node);

} // namespace stagepost::ctl
