#include "actors/outbound/destination.hpp"

#include <algorithm>

// Mail for which TLS is required or optional (RFC 8689) beside the usual one. They share what was read and
// the places for connections, but no connection: one that is good for the one may not be for the other. That
// a host cannot have what requires TLS is no reason to leave the destination alone, so only the usual mail is
// ever `down`.

namespace stagepost::outbound {

size_t destination_state::slots_asked() const {
  size_t all = 0;
  for (const auto& each : by_wish) all += each.slots_asked;
  return all;
}

size_t destination_state::workers_of(smtp::tls_wish wish) const {
  return size_t(std::count_if(workers.begin(), workers.end(),
                              [wish](const auto& each) { return each.second.wish == wish; }));
}

size_t destination_state::ready_of(smtp::tls_wish wish) const {
  return size_t(std::count_if(ready.begin(), ready.end(),
                              [wish](const job_ptr& each) { return wish_of(*each) == wish; }));
}

/// The first of those that wait; null: none does.
job_ptr destination_state::take_ready(smtp::tls_wish wish) {
  const auto at = std::find_if(ready.begin(), ready.end(),
                               [wish](const job_ptr& each) { return wish_of(*each) == wish; });
  if (at == ready.end()) return nullptr;
  auto taken = std::move(*at);
  ready.erase(at);
  return taken;
}

bool destination_state::has_room_for_connections() const {
  const size_t most = with->settings->get()->smtp_out.connections_per_destination;
  return workers.size() + slots_asked() < most;
}

/// Whether mail of another wish waits for a place that a connection with nothing to send has.
bool destination_state::is_place_wanted_by_others(smtp::tls_wish wish) const {
  if (has_room_for_connections()) return false;
  return std::any_of(ready.begin(), ready.end(), [&](const job_ptr& each) {
    const auto other = wish_of(*each);
    return other != wish && workers_of(other) + by_wish[size_t(other)].slots_asked == 0;
  });
}

/// No host of the route may have it, so no connection will find that out.
void destination_state::fail_what_has_no_way() {
  if (goes_by_gateway() || !route) return;
  for (const auto wish : {smtp::tls_wish::required, smtp::tls_wish::optional}) {
    if (ready_of(wish) == 0 || workers_of(wish) + about(wish).slots_asked != 0) continue;
    if (hops_for(wish, *route).hops.empty()) fail_ready(wish, no_hops_for(wish, *route), {});
  }
}

} // namespace stagepost::outbound
