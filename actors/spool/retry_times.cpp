#include "actors/spool/retry_times.hpp"

#include <iterator>

namespace stagepost::spool {

void retry_times::set(queue_id id, instant at) {
  const auto [known, added] = times_.emplace(id, at);
  if (!added) {
    if (known->second <= at) return;
    order_.erase({known->second, id});
    known->second = at;
  }
  order_.emplace(at, id);
}

void retry_times::drop(queue_id id) {
  const auto known = times_.find(id);
  if (known == times_.end()) return;
  order_.erase({known->second, id});
  times_.erase(known);
}

queue_id retry_times::take(std::set<std::pair<instant, queue_id>>::iterator at) {
  const auto id = at->second;
  times_.erase(id);
  order_.erase(at);
  return id;
}

std::vector<queue_id> retry_times::take_due(instant now, instant furthest, size_t limit) {
  std::vector<queue_id> due;
  while (due.size() < limit && !order_.empty() && order_.begin()->first <= now)
    due.push_back(take(order_.begin()));
  while (due.size() < limit && !order_.empty() && order_.rbegin()->first > furthest)
    due.push_back(take(std::prev(order_.end())));
  return due;
}

std::vector<queue_id> retry_times::all() const {
  std::vector<queue_id> out;
  out.reserve(order_.size());
  for (const auto& each : order_) out.push_back(each.second);
  return out;
}

} // namespace stagepost::spool
