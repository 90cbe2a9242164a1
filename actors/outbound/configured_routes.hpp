#pragma once

#include "actors/outbound/route.hpp"
#include "conf/system_settings.hpp"

#include <string>

namespace stagepost::outbound {

/// The route that smtp_out.routes gives a destination: the nearest entry, "*" last. Nothing where there is
/// none.
std::optional<route> configured_route(const conf::smtp_out_settings& settings,
                                      const std::string& destination);

} // namespace stagepost::outbound
