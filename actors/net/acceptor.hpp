#pragma once

#include "actors/net/stream.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace stagepost::net {

/// A descriptor that listens, and what to call it in the log.
struct listening {
  int descriptor = -1;
  int family = 0;
  std::string name;
  uint16_t port = 0; ///< the one in use, where any free one was asked for
};

/// Binds and listens. "*" is all IPv4 and all IPv6 addresses, a path is a local socket (an old one left by a
/// crash is replaced, one that answers is not). Throws std::runtime_error with a sentence.
std::vector<listening> listen_on(const std::string& address, uint16_t port);

} // namespace stagepost::net
