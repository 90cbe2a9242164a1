#pragma once

#include "actors/way_out.hpp"
#include "conf/system_settings.hpp"

#include <string>
#include <vector>

namespace stagepost::connection {

/// How mail of a sender leaves, for people: from which addresses, whether with TLS, and by what setting.
/// `domain` is that of the sender as it is shown.
std::vector<std::string> way_lines(const std::string& domain, const way_out& way,
                                   const conf::smtp_out_settings& settings);

} // namespace stagepost::connection
