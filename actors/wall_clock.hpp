#pragma once

#include "protocols/base/units.hpp"

#include <chrono>
#include <optional>

namespace stagepost {

/// What the wall clock shows, in UTC: for instants that are stored or shown. Durations are taken on the
/// steady clock.
instant wall_clock();

/// For tests: while one lives, wall_clock() shows that much more than the system's clock, on all threads.
class wall_clock_shift {
public:
  explicit wall_clock_shift(std::chrono::milliseconds shift) { set(shift); }
  ~wall_clock_shift() { set({}); }
  wall_clock_shift(const wall_clock_shift&) = delete;
  wall_clock_shift& operator=(const wall_clock_shift&) = delete;

  /// A jump. Who looks at the clock afterwards sees it.
  void set(std::chrono::milliseconds shift);
};

/// Finds out that the wall clock was set, by comparing it with the steady clock.
class jump_watch {
public:
  using steady = std::chrono::steady_clock::time_point;

  /// What is less is drift and correction, and a busy machine between two looks.
  static constexpr std::chrono::milliseconds least_jump = std::chrono::minutes(10);

  jump_watch(instant wall, steady at) : wall_(wall), steady_(at) {}

  /// How far the wall clock jumped since the look before; zero if it did not.
  std::chrono::milliseconds look(instant wall, steady at);

private:
  instant wall_;
  steady steady_;
};

} // namespace stagepost
