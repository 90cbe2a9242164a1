#pragma once

#include "actors/net/stream.hpp"
#include "conf/network.hpp"

#include <optional>
#include <string>
#include <vector>

namespace stagepost::outbound {

/// What we call ourselves on connections from an address, by the entries of `smtp_out.host_names` (BIND-16).
/// Nothing: the address has no name of its own (BIND-17).
std::optional<std::string> host_name_at(const std::vector<std::string>& entries,
                                        const conf::ip_address& address);

/// The address that a connection comes from; nothing when there is none.
std::optional<conf::ip_address> source_of(const net::socket& connected);

} // namespace stagepost::outbound
