#include "actors/retention.hpp"

#include "actors/wall_clock.hpp"

#include <algorithm>

namespace stagepost {

namespace {

/// Jumps of the clock remembered; beyond it the oldest two become one.
constexpr size_t jumps_limit = 64;

} // namespace

instant end_of_retention(storage::trace_age& age, instant now, std::chrono::milliseconds passed,
                         std::chrono::milliseconds retention) {
  auto jump = now - age.looked_at - passed;
  age.looked_at = now;
  for (auto& each : age.jumps) each.since += passed;
  // All that is from before these has been kept its time.
  std::erase_if(age.jumps, [&](const auto& each) { return each.since > retention; });
  if (jump > jump_watch::least_jump) {
    if (age.jumps.size() == jumps_limit) {
      age.jumps[1].ahead += age.jumps[0].ahead;
      age.jumps.erase(age.jumps.begin());
    }
    age.jumps.push_back({jump, {}});
  }
  // A clock set back takes back what it jumped before.
  if (jump < -jump_watch::least_jump)
    for (; !age.jumps.empty() && jump.count() < 0; age.jumps.pop_back()) {
      auto& last = age.jumps.back();
      const auto taken = std::min(last.ahead, -jump);
      last.ahead -= taken;
      jump += taken;
      if (last.ahead.count() > 0) break;
    }
  auto end = now - retention;
  for (const auto& each : age.jumps) end -= each.ahead;
  return end;
}

} // namespace stagepost
