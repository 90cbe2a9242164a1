#pragma once

#include "actors/gateways.hpp"
#include "actors/incoming_gateways.hpp"
#include "actors/outbound/configured_routes.hpp"
#include "conf/system_settings.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace stagepost::outbound {

/// Priorities as bits: bit n is priority n, from 1 to 10.
using priority_set = uint16_t;
inline constexpr priority_set all_priorities = 0x7fe;

/// Priorities whose mail goes the same way: through one of the same gateways, or through none (GWOUT-08).
struct lane {
  priority_set priorities = all_priorities;
  std::vector<uint64_t> gateways = {}; ///< by number; none: the routes of the settings, or the DNS

  bool has(uint8_t priority) const { return priority < 16 && (priorities >> priority & 1) != 0; }
  bool operator==(const lane&) const = default;
};

/// What the queue of a destination's lane is called: the destination itself for the one lane that all mail
/// takes.
std::string place_of(const std::string& destination, const lane& of);
/// The destination in such a name.
std::string destination_in(const std::string& place);
/// "1", "2 to 10", "1, 3 to 5".
std::string text_of(priority_set priorities);
/// For people: "far.example, priorities 2 to 10".
std::string text_of(const std::string& destination, const lane& of);

/// Which lanes there are. A route of smtp_out.routes for a domain or its parent is nearer than a gateway, and
/// a gateway nearer than the route for "*"; so is the primary of a domain that an incoming gateway lists.
/// Of the domains that others have to be asked about nothing is known here: see
/// destination_state::needs_route.
class lane_table {
public:
  lane_table() = default;
  lane_table(const conf::smtp_out_settings& settings, const gateway_set& gateways);

  /// The lanes of a destination; each priority is in one of them.
  const std::vector<lane>& of(const std::string& destination) const;
  /// Whether smtp_out.routes has one for it, be it "*", or an incoming gateway may have its primary.
  bool has_route(const std::string& destination) const;

private:
  route_table routes_;
  incoming_gateways incoming_;
  std::vector<lane> usual_{lane{}};
};

} // namespace stagepost::outbound
