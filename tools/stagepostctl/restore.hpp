#pragma once

#include "conf/settings.hpp"

#include <string>

namespace stagepost::ctl {

/// Puts the stores of a backup where the node expects them. What is there is moved aside to "<data folder>.before-…",
/// never deleted. Throws std::runtime_error with a sentence, also while a server has the data folder open.
void restore(const std::string& backup, const conf::node_settings& node);

} // namespace stagepost::ctl
