#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stagepost::autodiscover {

enum class protocol : uint8_t { imap, pop3, smtp };
enum class encryption : uint8_t { none, starttls, implicit };

/// A service as a client is told to use it.
struct offered_service {
  autodiscover::protocol protocol = protocol::imap;
  std::string host;
  uint16_t port = 0;
  autodiscover::encryption encryption = encryption::implicit;

  friend bool operator==(const offered_service&, const offered_service&) = default;
};

/// The services in the order in which a client shall prefer them.
using offer = std::vector<offered_service>;

} // namespace stagepost::autodiscover
