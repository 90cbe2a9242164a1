#include "admin/http/request_rate.hpp"

#include <algorithm>

namespace stagepost::http {

bool request_rate::take(time_point now) {
  const std::lock_guard lock(mutex_);
  if (now > looked_at_) {
    const std::chrono::duration<double> rested = now - looked_at_;
    left_ = std::min(at_once_, left_ + rested.count() * per_second_);
    looked_at_ = now;
  }
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

} // namespace stagepost::http
