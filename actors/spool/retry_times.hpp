#pragma once

#include "protocols/base/units.hpp"

#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace stagepost::spool {

/// When which message is tried again. One time for each, however many of its recipients wait: the first of
/// theirs.
class retry_times {
public:
  /// Keeps the earlier time, if there is one.
  void set(queue_id id, instant at);
  void drop(queue_id id);
  bool has(queue_id id) const { return times_.count(id) != 0; }
  /// Takes messages whose time has come, at most `limit`. A time behind `furthest` was set before the wall
  /// clock went back and has come, too: nobody waits longer for his mail because of a clock.
  std::vector<queue_id> take_due(instant now, instant furthest, size_t limit);
  std::vector<queue_id> all() const;

private:
  queue_id take(std::set<std::pair<instant, queue_id>>::iterator at);

  std::unordered_map<queue_id, instant> times_;
  std::set<std::pair<instant, queue_id>> order_;
};

} // namespace stagepost::spool
