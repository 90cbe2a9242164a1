#include "actors/resolver/answer_cache.hpp"

#include <algorithm>

namespace stagepost::resolver {

namespace {

/// What an entry costs besides the answer: nodes of the list and the map.
constexpr uint64_t overhead = 160;

} // namespace

std::optional<dns::answer> answer_cache::find(const dns::question& asked, instant now) {
  const auto found = places_.find(asked);
  if (found == places_.end()) return std::nullopt;
  const auto which = found->second;
  if (which->until <= now) {
    drop(which);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, which);
  auto said = which->said;
  said.ttl = std::chrono::ceil<std::chrono::seconds>(which->until - now);
  return said;
}

void answer_cache::put(const dns::question& asked, const dns::answer& said, instant now,
                       const cache_limits& limits) {
  if (const auto old = places_.find(asked); old != places_.end()) drop(old->second);
  if (said.outcome == dns::outcome::failed) return;
  const auto ttl = std::min(said.ttl, said.found() ? limits.max_ttl : limits.max_negative_ttl);
  const uint64_t cost = overhead + 2 * asked.name.size() + dns::memory_of(said);
  if (ttl <= ttl.zero() || cost > limits.bytes) return;
  while (bytes_ + cost > limits.bytes) drop(std::prev(entries_.end()));
  entries_.push_front({asked, said, now + ttl, cost});
  places_.emplace(asked, entries_.begin());
  bytes_ += cost;
}

void answer_cache::drop(place which) {
  bytes_ -= which->bytes;
  places_.erase(which->asked);
  entries_.erase(which);
}

} // namespace stagepost::resolver
