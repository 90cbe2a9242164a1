#include "actors/outbound/gateway_turns.hpp"

#include <algorithm>

namespace stagepost::outbound {

namespace {

constexpr auto shortest_rest = std::chrono::seconds(30);
constexpr uint32_t longest_gateway_rest_factor = 16;
/// What a gateway said of its spool counts for so long.
constexpr auto news_lifetime = std::chrono::minutes(1);
/// So many messages more or less are no difference, so that idle gateways share evenly.
constexpr uint64_t usual_few = 10;
constexpr int64_t usual_weight = 1000;
/// Who has a spool without end gets some mail all the same: what we know may be wrong.
constexpr int64_t least_weight = 10;

} // namespace

void gateway_turns::use(std::shared_ptr<const gateway_set> gateways) {
  if (gateways == gateways_) return;
  gateways_ = std::move(gateways);
  for (auto at = states_.begin(); at != states_.end();) {
    at->second.failures = 0;
    at->second.rests_until.reset();
    at->second.waiting.reset();
    // The connections of one that is gone still end here.
    at = find(at->first) == nullptr && at->second.open == 0 ? states_.erase(at) : std::next(at);
  }
}

const outgoing_gateway* gateway_turns::find(uint64_t number) const {
  const auto& all = gateways_->outgoing;
  const auto at = std::find_if(all.begin(), all.end(), [&](const auto& each) {
    return each.number == number && each.settings.enabled;
  });
  return at == all.end() ? nullptr : &*at;
}

bool gateway_turns::is_down(uint64_t number, instant now) const {
  const auto at = states_.find(number);
  return at != states_.end() && at->second.rests_until && *at->second.rests_until > now;
}

bool gateway_turns::is_full(const outgoing_gateway& gateway) const {
  const auto at = states_.find(gateway.number);
  return at != states_.end() && at->second.open >= gateway.settings.max_connections;
}

std::optional<uint64_t> gateway_turns::waiting_at(uint64_t number, instant now) const {
  const auto at = states_.find(number);
  if (at == states_.end() || at->second.told_at + news_lifetime < now) return std::nullopt;
  return at->second.waiting;
}

std::vector<const outgoing_gateway*> gateway_turns::usable(const std::vector<uint64_t>& among,
                                                           instant now) const {
  std::vector<const outgoing_gateway*> up, down;
  for (const auto number : among)
    if (const auto* found = find(number)) (is_down(number, now) ? down : up).push_back(found);
  return up.empty() ? down : up;
}

bool gateway_turns::has_room(const std::vector<uint64_t>& among, instant now) const {
  const auto those = usable(among, now);
  return std::any_of(those.begin(), those.end(), [this](const auto* each) { return !is_full(*each); });
}

/// The fewer wait, the more it gets: twice as much for half of what waits. Whoever does not say counts as the
/// average of the others.
std::map<uint64_t, int64_t> gateway_turns::weights(const std::vector<const outgoing_gateway*>& among,
                                                   instant now) const {
  std::map<uint64_t, uint64_t> waiting;
  uint64_t least = UINT64_MAX;
  for (const auto* each : among)
    if (const auto known = waiting_at(each->number, now)) {
      waiting[each->number] = *known;
      least = std::min(least, *known);
    }
  std::map<uint64_t, int64_t> made;
  int64_t sum = 0;
  for (const auto& [number, count] : waiting) {
    const auto share = double(least + usual_few) / double(count + usual_few);
    made[number] = std::max(least_weight, int64_t(share * double(usual_weight)));
    sum += made[number];
  }
  const auto average = waiting.empty() ? usual_weight : sum / int64_t(waiting.size());
  for (const auto* each : among) made.emplace(each->number, average);
  return made;
}

std::optional<chosen_gateway> gateway_turns::choose(const std::vector<uint64_t>& among, instant now) {
  auto those = usable(among, now);
  std::erase_if(those, [this](const auto* each) { return is_full(*each); });
  if (those.empty()) return std::nullopt;
  // Each gets its weight, and whoever has most by now pays for all: so the turns are spread evenly.
  const auto shares = weights(those, now);
  int64_t total = 0;
  const outgoing_gateway* best = nullptr;
  for (const auto* each : those) {
    const auto weight = shares.at(each->number);
    states_[each->number].credit += weight;
    total += weight;
    if (best == nullptr || states_[each->number].credit > states_[best->number].credit) best = each;
  }
  auto& taken = states_[best->number];
  taken.credit -= total;
  ++taken.open;
  chosen_gateway made{best->number, "gateway " + best->name};
  if (is_down(best->number, now))
    made.why += ", which failed lately like all others of its priorities";
  else if (those.size() == 1 && among.size() > 1)
    made.why += ", the one of " + std::to_string(among.size()) + " that can take it now";
  else if (const auto known = waiting_at(best->number, now))
    made.why += ", where " + std::to_string(*known) + " messages wait";
  else if (among.size() > 1)
    made.why += ", in turn of " + std::to_string(those.size());
  return made;
}

void gateway_turns::closed(uint64_t gateway) {
  const auto at = states_.find(gateway);
  if (at == states_.end()) return;
  if (at->second.open > 0) --at->second.open;
  if (at->second.open == 0 && find(gateway) == nullptr) states_.erase(at);
}

void gateway_turns::let_in(uint64_t gateway) {
  if (find(gateway) == nullptr) return;
  auto& at = states_[gateway];
  at.failures = 0;
  at.rests_until.reset();
}

void gateway_turns::failed(uint64_t gateway, instant now) {
  if (find(gateway) == nullptr) return;
  auto& at = states_[gateway];
  if (is_down(gateway, now)) return; // those that were on their way together count once
  const auto factor = std::min(1u << std::min(at.failures, 8u), longest_gateway_rest_factor);
  ++at.failures;
  at.rests_until = now + shortest_rest * factor;
}

void gateway_turns::told(uint64_t gateway, uint64_t waiting_messages, instant now) {
  if (find(gateway) == nullptr) return;
  auto& at = states_[gateway];
  at.waiting = waiting_messages;
  at.told_at = now;
}

} // namespace stagepost::outbound
