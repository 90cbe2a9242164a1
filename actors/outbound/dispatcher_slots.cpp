#include "actors/outbound/dispatcher.hpp"

#include <algorithm>

// Who may open a connection.

namespace stagepost::outbound {

/// Not the one before it, which has ended but is still heard of.
dispatcher_state::alive_destination* dispatcher_state::find_alive(const std::string& place,
                                                                  const caf::actor_addr& who) {
  const auto at = alive.find(place);
  return at != alive.end() && at->second.handle.address() == who ? &at->second : nullptr;
}

caf::result<slot_granted> dispatcher_state::ask(const take_slot& what, const caf::actor_addr& who) {
  if (stopping || !find_alive(what.place, who)) return caf::make_error(caf::sec::request_receiver_down);
  auto promise = self->make_response_promise<slot_granted>();
  askers.push_back({what.place, what.priority, open_answer<slot_granted>(promise), what.gateways});
  grant();
  return promise;
}

void dispatcher_state::grant() {
  const auto most = with->settings->get()->smtp_out.max_connections;
  const auto now = std::chrono::steady_clock::now();
  // Who takes a connection and says nothing keeps it for minutes: of all places such hosts get a half.
  size_t strange = 0;
  for (const auto& [name, each] : alive)
    if (each.is_stranger) strange += each.opening;
  const size_t most_strange = std::max<size_t>(1, most / 2);
  while (slots < most) {
    auto best = askers.end();
    alive_destination* taker = nullptr;
    for (auto at = askers.begin(); at != askers.end(); ++at) {
      auto& who = alive.at(at->place); // who ends takes his questions with him
      if (who.is_stranger && strange >= most_strange) continue;
      if (!at->gateways.empty() && !turns.has_room(at->gateways, now)) continue;
      if (taker &&
          (at->priority < best->priority || (at->priority == best->priority && who.slots >= taker->slots)))
        continue;
      best = at;
      taker = &who;
    }
    if (!taker) return;
    const auto answer = best->answer;
    slot_granted granted;
    if (!best->gateways.empty()) {
      const auto chosen = turns.choose(best->gateways, now);
      granted = {chosen->number, chosen->why}; // there is room: see above
      ++taker->gateways[chosen->number];
    }
    askers.erase(best);
    ++taker->slots;
    ++taker->opening;
    ++slots;
    if (taker->is_stranger) ++strange;
    answer.deliver(std::move(granted));
  }
}

void dispatcher_state::put_to_use(const slot_in_use& what, const caf::actor_addr& who) {
  auto* const at = find_alive(what.place, who);
  if (!at) return;
  at->opening -= std::min<size_t>(at->opening, 1);
  at->is_stranger = false;
  let_in.put(what.place);
  if (what.gateway != 0) turns.let_in(what.gateway);
  grant();
}

void dispatcher_state::give_back(const return_slot& what, const caf::actor_addr& who) {
  auto* const at = find_alive(what.place, who);
  if (!at || at->slots == 0) return;
  --at->slots;
  if (!what.was_in_use) at->opening -= std::min<size_t>(at->opening, 1);
  --slots;
  if (const auto held = at->gateways.find(what.gateway); held != at->gateways.end()) {
    if (--held->second == 0) at->gateways.erase(held);
    turns.closed(what.gateway);
    if (what.gateway_failed) turns.failed(what.gateway, std::chrono::steady_clock::now());
  }
  grant();
}

void dispatcher_state::give_back_all(const std::string& place, const alive_destination& had) {
  std::erase_if(askers, [&](const asking& each) { return each.place == place; });
  slots -= std::min(slots, had.slots);
  for (const auto& [gateway, count] : had.gateways)
    for (size_t i = 0; i < count; ++i) turns.closed(gateway);
  grant();
}

} // namespace stagepost::outbound
