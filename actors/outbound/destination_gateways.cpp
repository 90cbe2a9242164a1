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
  const auto other_ways = with->settings->other_ways();
  const bool same_ways = other_ways == other_ways_seen;
  if (is_outdated || (gateways == gateways_seen && settings == settings_seen && same_ways)) return;
  const bool same_gateways = gateways == gateways_seen;
  const bool same_routes = settings->smtp_out.routes == settings_seen->smtp_out.routes;
  const bool same_way =
      same_gateways && same_ways && !lead_elsewhere(settings_seen->smtp_out, settings->smtp_out);
  other_ways_seen = other_ways;
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
std::vector<uint64_t> destination_state::gateways_left(const mail_way& way) const {
  auto left = lane.gateways;
  if (const auto at = ways.find(way); at != ways.end())
    std::erase_if(left, [&](uint64_t each) { return at->second.failed.count(each) != 0; });
  return left;
}

void destination_state::reach_gateway(const mail_way& way, uint64_t asked_in, const slot_granted& granted) {
  self->request(with->router, caf::infinite, find_gateway{granted.gateway})
      .then(
          [this, way, asked_in, granted](outbound::route& found) {
            slot_answered(way, asked_in);
            const auto hops = hops_for(way.wish, found).hops;
            if (found.failed || hops.empty())
              return gateway_refused(way, granted.gateway, no_hops_for(way.wish, found), granted.why);
            open_connection(way, hops, granted.gateway, granted.why);
          },
          [this, way, asked_in, granted](caf::error& lost) {
            slot_answered(way, asked_in);
            gateway_refused(way, granted.gateway,
                            smtp_client::own_trouble(smtp_client::stage::routing, describe(lost)),
                            granted.why);
          });
}

/// There was no connection to try it with.
void destination_state::gateway_refused(const mail_way& way, uint64_t gateway,
                                        const smtp_client::outcome& why, const std::string& reason) {
  // That it cannot have mail of a particular wish says nothing of it.
  const bool has_failed = !why.is_ours && !way.has_wish();
  self->send(foreman, return_slot{place, false, gateway, has_failed});
  auto& of = ways[way];
  if (const auto inside = let_in_of(way); inside > 0) {
    // Who hears of no failure would name the gateway again at once.
    if (!has_failed) of.allowed = inside;
  } else if (!of.down) {
    of.allowed = 1;
    of.failed.insert(gateway);
    if (!of.refusal || says_more(way.wish, why, of.refusal->why))
      of.refusal = not_let_in{why, {{}, {}, {}, reason}};
    of.refused_at = wall_clock();
    conclude_if_nobody_is_let_in(way);
  }
  work();
}

} // namespace stagepost::outbound
