#include "actors/error.hpp"
#include "actors/outbound/destination.hpp"
#include "actors/wall_clock.hpp"

#include <algorithm>

// The way through gateways: the dispatcher says which one is next; when it lets nobody in, another is asked
// for, until none is left.

namespace stagepost::outbound {

/// But not what goes to a primary mail server.
bool destination_state::goes_by_gateway() const {
  return !lane.gateways.empty() && !(route && !route->gateway.empty());
}

/// Where others know which domains have a primary here, they are asked before a gateway gets its mail.
bool destination_state::needs_route() { return lane.gateways.empty() || !gateways.get()->asking().empty(); }

/// Settings and gateways are live: nothing is begun with by what they said before, and what is read for a
/// lane that is none any more must not go its way.
void destination_state::look_whether_lane_holds() {
  const auto gateways = with->gateways->get();
  const auto settings = with->settings->get();
  if (is_outdated || (gateways == gateways_seen && settings == settings_seen)) return;
  const bool same_gateways = gateways == gateways_seen;
  const bool same_routes = settings->smtp_out.routes == settings_seen->smtp_out.routes;
  const bool same_way = same_gateways && !lead_elsewhere(settings_seen->smtp_out, settings->smtp_out);
  gateways_seen = gateways;
  settings_seen = settings;
  if (!same_way) forget_way();
  if (same_gateways && same_routes) return;
  const lane_table table(settings->smtp_out, *gateways);
  const auto& lanes = table.of(destination);
  // A gateway that is changed may be another machine by now: its connections end with their messages.
  is_outdated = (!lane.gateways.empty() && !same_gateways) ||
                std::find(lanes.begin(), lanes.end(), lane) == lanes.end();
}

/// Those of the lane that did not fail since somebody was let in.
std::vector<uint64_t> destination_state::gateways_left() const {
  auto left = lane.gateways;
  std::erase_if(left, [this](uint64_t each) { return failed.count(each) != 0; });
  return left;
}

void destination_state::reach_gateway(const slot_granted& granted) {
  self->request(with->router, caf::infinite, find_gateway{granted.gateway})
      .then(
          [this, granted](outbound::route& found) {
            --slots_asked;
            if (found.failed) return gateway_refused(granted.gateway, *found.failed, granted.why);
            open_connection(found.hops, granted.gateway, granted.why);
          },
          [this, granted](caf::error& lost) {
            --slots_asked;
            gateway_refused(granted.gateway,
                            smtp_client::own_trouble(smtp_client::stage::routing, describe(lost)),
                            granted.why);
          });
}

/// There was no connection to try it with.
void destination_state::gateway_refused(uint64_t gateway, const smtp_client::outcome& why,
                                        const std::string& reason) {
  self->send(foreman, return_slot{place, false, gateway, !why.is_ours});
  const bool is_somebody_in =
      std::any_of(workers.begin(), workers.end(), [](const auto& each) { return each.second.let_in; });
  if (!is_somebody_in && !down) {
    allowed = 1;
    failed.insert(gateway);
    if (!refusal || !why.is_ours) refusal = not_let_in{why, {{}, {}, {}, reason}};
    refused_at = wall_clock();
    conclude_if_nobody_is_let_in();
  }
  work();
}

} // namespace stagepost::outbound
