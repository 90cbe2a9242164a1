#pragma once

#include "conf/node_settings.hpp"
#include "protocols/mailauth/ip_address.hpp"

#include <cstdint>
#include <vector>

namespace stagepost::net {

/// Where this node takes SMTP on that port: the addresses of its listeners, and for "*" those the interfaces
/// have now.
std::vector<mailauth::ip_address> own_addresses(const std::vector<conf::listener>& listeners, uint16_t port);

} // namespace stagepost::net
