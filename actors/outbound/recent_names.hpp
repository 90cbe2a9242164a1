#pragma once

#include <cstddef>
#include <string>
#include <unordered_set>
#include <utility>

namespace stagepost::outbound {

/// The names put in last, a bounded number of them: what is not put in again is forgotten after `most`
/// others.
class recent_names {
public:
  explicit recent_names(size_t most = 50000) : most_(most) {}

  void put(const std::string& name) {
    young_.insert(name);
    if (young_.size() < most_) return;
    old_ = std::exchange(young_, {});
  }
  void drop(const std::string& name) {
    young_.erase(name);
    old_.erase(name);
  }
  bool has(const std::string& name) const { return young_.count(name) != 0 || old_.count(name) != 0; }

private:
  size_t most_;
  std::unordered_set<std::string> young_;
  std::unordered_set<std::string> old_;
};

} // namespace stagepost::outbound
