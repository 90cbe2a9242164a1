#pragma once

#include "conf/gateway_settings.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace stagepost {

/// A server that mail for others leaves through (GWOUT-01).
struct outgoing_gateway {
  uint64_t number = 0;
  std::string name;
  conf::outgoing_gateway_settings settings;
  std::string password;        ///< of `settings.user` (GWOUT-06)
  std::string server_password; ///< of `settings.server_user` (GWOUT-12)
};

/// A server that mail comes in for (GWIN-01).
struct incoming_gateway {
  uint64_t number = 0;
  std::string name;
  conf::incoming_gateway_settings settings;
  std::string server_password; ///< of `settings.server_user` (GWIN-17)
};

/// All gateways, also those that are switched off, in the order they were made in.
struct gateway_set {
  std::vector<outgoing_gateway> outgoing;
  std::vector<incoming_gateway> incoming;
};

/// The gateways as they are on disk. The directory puts a new value in place with each change; whoever holds
/// the old one finishes with it.
class live_gateways {
public:
  explicit live_gateways(gateway_set first = {})
      : current_(std::make_shared<const gateway_set>(std::move(first))) {}

  std::shared_ptr<const gateway_set> get() const { return current_.load(); }
  void set(gateway_set next) { current_ = std::make_shared<const gateway_set>(std::move(next)); }

private:
  std::atomic<std::shared_ptr<const gateway_set>> current_;
};

using live_gateways_ptr = std::shared_ptr<live_gateways>;

} // namespace stagepost
