#pragma once

#include "conf/settings.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Whom a listener lets in, how many of them at a time, and what the others are told.
namespace stagepost::connection {

bool contains(const std::vector<conf::network>& networks, const std::string& address);

/// Blacklisted, or the service is switched off. "unix" is a local peer.
bool is_refused(conf::service service, const conf::system_settings& all, const std::string& address);
bool is_whitelisted(conf::service service, const conf::system_settings& all, const std::string& address);

struct entry_limits {
  uint32_t most = 0;
  uint32_t most_per_address = 0;
};
entry_limits limits_of(conf::service service, const conf::system_settings& all);
/// Whose connections are counted together: an IPv4 address or, as a provider gives its customer one, an IPv6
/// /64.
std::string place_of(const std::string& address);

/// What a client of the service understands, said in clear text: on a port with TLS from the first byte
/// nothing can be.
std::string_view words_of_refusal(const conf::listener& listener, bool busy);

} // namespace stagepost::connection
