#pragma once

#include <string>

namespace stagepost::conf {

/// The text of conf/reference.md: all settings of all scopes as Markdown tables.
std::string reference_text();

} // namespace stagepost::conf
