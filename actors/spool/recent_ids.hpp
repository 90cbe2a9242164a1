#pragma once

#include "protocols/base/units.hpp"

#include <cstddef>
#include <deque>
#include <unordered_set>

namespace stagepost::spool {

/// The numbers put in last, a bounded number of them.
class recent_ids {
public:
  explicit recent_ids(size_t most = 4096) : most_(most) {}

  void put(queue_id id) {
    if (!known_.insert(id).second) return;
    order_.push_back(id);
    if (order_.size() <= most_) return;
    known_.erase(order_.front());
    order_.pop_front();
  }
  bool has(queue_id id) const { return known_.count(id) != 0; }

private:
  size_t most_;
  std::deque<queue_id> order_;
  std::unordered_set<queue_id> known_;
};

} // namespace stagepost::spool
