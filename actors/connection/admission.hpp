#pragma once

#include "conf/settings.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace stagepost::connection {

/// Counts the connections of one service, in all and per address, and gives tickets while there is room.
class admission : public std::enable_shared_from_this<admission> {
public:
  enum class answer : uint8_t { admitted, too_many, too_many_from_there };

  /// Zero limits are no limits. The ticket gives its place back when it is destroyed.
  answer ask(const std::string& address, uint32_t most, uint32_t most_per_address,
             std::shared_ptr<void>& ticket);
  size_t open() const;

private:
  void leave(const std::string& address);

  mutable std::mutex mutex_;
  size_t open_ = 0;
  std::unordered_map<std::string, uint32_t> by_address_;
};

} // namespace stagepost::connection
