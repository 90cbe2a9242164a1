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

/// Settings and gateways are live: what is read for a lane that is none any more must not go its way.
void destination_state::look_whether_lane_holds() {
  const auto gateways = with->gateways->get();
  const auto settings = with->settings->get();
  if (is_outdated || (gateways == gateways_seen && settings == settings_seen)) return;
  const bool same_gateways = gateways == gateways_seen;
  const bool same_routes = settings->smtp_out.routes == settings_seen->smtp_out.routes;
  gateways_seen = gateways;
  settings_seen = settings;
  if (same_gateways && same_routes) return;
  const lane_table table(settings->smtp_out, *gateways);
  const auto& lanes = table.of(destination);
  // A gateway that is changed may be another machine by now: its connections end with their messages.
  is_outdated = (!lane.gateways.empty() && !same_gateways) ||
                std::find(lanes.begin(), lanes.end(), lane) == lanes.end();
}

/// Those of the lane that did not fail since somebody was let in.
std::vector<uint64_t> destination_state::gateways_left(smtp::tls_wish wish) const {
  const auto& failed = by_wish[size_t(wish)].failed;
  auto left = lane.gateways;
  std::erase_if(left, [&failed](uint64_t each) { return failed.count(each) != 0; });
  return left;
}

void destination_state::reach_gateway(const slot_granted& granted, smtp::tls_wish wish) {
  self->request(with->router, caf::infinite, find_gateway{granted.gateway})
      .then(
          [this, granted, wish](outbound::route& found) {
            --about(wish).slots_asked;
            const auto hops = hops_for(wish, found).hops;
            if (found.failed || hops.empty())
              return gateway_refused(granted.gateway, wish, no_hops_for(wish, found), granted.why);
            open_connection(wish, hops, granted.gateway, granted.why);
          },
          [this, granted, wish](caf::error& lost) {
            --about(wish).slots_asked;
            gateway_refused(granted.gateway, wish,
                            smtp_client::own_trouble(smtp_client::stage::routing, describe(lost)),
                            granted.why);
          });
}

/// There was no connection to try it with.
void destination_state::gateway_refused(uint64_t gateway, smtp::tls_wish wish,
                                        const smtp_client::outcome& why, const std::string& reason) {
  const bool is_usual = wish == smtp::tls_wish::none;
  self->send(foreman, return_slot{place, false, gateway, is_usual && !why.is_ours});
  const bool is_somebody_in = std::any_of(workers.begin(), workers.end(), [wish](const auto& each) {
    return each.second.let_in && each.second.wish == wish;
  });
  auto& way = about(wish);
  // The dispatcher does not hear of it and would name it again.
  if (!is_usual) way.failed.insert(gateway);
  if (!is_somebody_in && !(down && is_usual)) {
    way.allowed = 1;
    way.failed.insert(gateway);
    if (!way.refusal || says_more(wish, why, way.refusal->why))
      way.refusal = not_let_in{why, {{}, {}, {}, reason}};
    way.refused_at = wall_clock();
    conclude_if_nobody_is_let_in(wish);
  }
  work();
}

} // namespace stagepost::outbound
