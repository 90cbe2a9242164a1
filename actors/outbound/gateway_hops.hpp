#pragma once

#include "actors/gateways.hpp"
#include "actors/outbound/route.hpp"
#include "protocols/dns/answer.hpp"

#include <string>
#include <vector>

namespace stagepost::outbound {

/// A gateway at one of its addresses: how the line is encrypted, what it proves and who we are there.
next_hop hop_to(const outgoing_gateway& gateway, const std::string& address);

/// Its way when these are its addresses. Without any it has failed, but never as a domain that is not there:
/// what is to go through it waits.
route route_through(const outgoing_gateway& gateway, const std::vector<dns::ip_address>& addresses,
                    const std::string& problem);

/// "lists (192.0.2.1:25, TLS opportunistic)", for people.
std::string text_of(const outgoing_gateway& gateway);

} // namespace stagepost::outbound
