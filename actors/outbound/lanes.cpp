#include "actors/outbound/lanes.hpp"

#include <map>

namespace stagepost::outbound {

namespace {

constexpr uint8_t lowest = 1, highest = 10;
/// Ends the name of a destination, which has none in it (storage::destination_of).
constexpr char end_of_name = '\0';

std::vector<lane> lanes_through(const gateway_set& gateways) {
  std::map<std::vector<uint64_t>, priority_set> found;
  for (uint8_t priority = lowest; priority <= highest; ++priority) {
    std::vector<uint64_t> those;
    for (const auto& each : gateways.outgoing) {
      const auto& about = each.settings;
      if (about.enabled && about.priority_from <= priority && priority <= about.priority_to)
        those.push_back(each.number);
    }
    found[those] |= priority_set(1u << priority);
  }
  std::vector<lane> made;
  for (auto& [those, priorities] : found) made.push_back({priorities, those});
  return made;
}

} // namespace

std::string place_of(const std::string& destination, const lane& of) {
  if (of == lane{}) return destination;
  return destination + end_of_name + std::to_string(of.priorities);
}

std::string destination_in(const std::string& place) { return place.substr(0, place.find(end_of_name)); }

std::string text_of(const std::string& destination, const lane& of) {
  if (of.priorities == all_priorities) return destination;
  const bool is_one = (of.priorities & (of.priorities - 1)) == 0;
  return destination + (is_one ? ", priority " : ", priorities ") + text_of(of.priorities);
}

std::string text_of(priority_set priorities) {
  const auto has = [&](unsigned priority) { return (priorities >> priority & 1) != 0; };
  std::string out;
  for (unsigned first = lowest; first <= highest; ++first) {
    if (!has(first)) continue;
    auto last = first;
    while (last < highest && has(last + 1)) ++last;
    out += (out.empty() ? "" : ", ") + std::to_string(first);
    if (last != first) out += " to " + std::to_string(last);
    first = last;
  }
  return out;
}

lane_table::lane_table(const conf::smtp_out_settings& settings, const gateway_set& gateways)
    : routes_(settings), incoming_(gateways.incoming), usual_(lanes_through(gateways)) {}

bool lane_table::has_route(const std::string& destination) const {
  return routes_.find(destination) != nullptr || incoming_.may_have(destination);
}

const std::vector<lane>& lane_table::of(const std::string& destination) const {
  static const std::vector<lane> by_route{lane{}};
  if (incoming_.listing(destination)) return by_route;
  const auto* route = routes_.find(destination);
  return route != nullptr && route->domain != "*" ? by_route : usual_;
}

} // namespace stagepost::outbound
