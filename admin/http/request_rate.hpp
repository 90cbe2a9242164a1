#pragma once

#include <chrono>
#include <mutex>

namespace stagepost::http {

/// How often something may be asked: so many times a second, and some more at once after a rest. Any thread.
class request_rate {
public:
  using time_point = std::chrono::steady_clock::time_point;
  request_rate(double per_second, double at_once)
      : per_second_(per_second), at_once_(at_once), left_(at_once) {}

  /// Whether one more may be asked now; it counts.
  bool take(time_point now);

private:
  const double per_second_;
  const double at_once_;
  std::mutex mutex_;
  double left_;
  time_point looked_at_;
};

} // namespace stagepost::http
