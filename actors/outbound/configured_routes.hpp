#pragma once

#include "actors/outbound/route.hpp"
#include "actors/settings.hpp"

#include <string>

namespace stagepost::outbound {

/// The route that smtp_out.routes gives a destination: the nearest entry, "*" last. Nothing where there is
/// none.
std::optional<route> configured_route(const conf::smtp_out_settings& settings,
                                      const std::string& destination);

/// Knows the routes of the settings only: mail for all other destinations waits.
router_actor::behavior_type configured_routes(router_actor::pointer self, live_settings_ptr settings);

} // namespace stagepost::outbound
