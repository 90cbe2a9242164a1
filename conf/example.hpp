#pragma once

#include <string>

namespace stagepost::conf {

/// The text of conf/stagepost.yaml: node settings with their defaults, system settings commented out under
/// `first_start:`, each with its sentence, values, default and spec ids. It loads, and means the defaults.
std::string example_file();

} // namespace stagepost::conf
