#include "actors/spool/read_stamps.hpp"

namespace stagepost::spool {

read_stamps::stamp read_stamps::begin() {
  running_.insert(++last_);
  return last_;
}

void read_stamps::end(stamp of) {
  const bool was_oldest = !running_.empty() && *running_.begin() == of;
  running_.erase(of);
  if (running_.empty())
    changed_.clear();
  else if (was_oldest)
    std::erase_if(changed_, [oldest = *running_.begin()](const auto& each) { return each.second < oldest; });
}

void read_stamps::changed(queue_id id) {
  if (!running_.empty()) changed_[id] = last_;
}

bool read_stamps::is_past(queue_id id, stamp of) const {
  const auto at = changed_.find(id);
  return at != changed_.end() && of <= at->second;
}

} // namespace stagepost::spool
