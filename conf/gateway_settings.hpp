#pragma once

#include "conf/network.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace stagepost::conf {

/// How the line to a gateway is encrypted: not, where it offers STARTTLS, always by STARTTLS, from the first
/// octet.
enum class gateway_tls : uint8_t { none, opportunistic, starttls, ssl };

/// A server that mail for others leaves through (GWOUT-01). Its passwords are no settings: they are sealed.
struct outgoing_gateway_settings {
  bool enabled = true;
  std::string address;
  uint16_t port = 25;
  std::string user; // empty: no login
  gateway_tls encryption = gateway_tls::opportunistic;
  bool verify_certificate = true;
  uint32_t priority_from = 1;
  uint32_t priority_to = 10;
  uint32_t max_connections = 20;
  bool peer_mode = false;
  std::string server_url;
  std::string server_user;
};

/// What comes in for a gateway's domains: all mail, or what comes while their server is away (GWIN-02).
enum class gateway_mode : uint8_t { backup_mx, domain_forwarding };
/// Who says which users a domain has (GWIN-04).
enum class user_verification : uint8_t { none, web_service, probe };
/// Who says which domains there are (GWIN-09).
enum class domain_verification : uint8_t { list, web_service, mx };

/// A mail server that this one takes mail in for (GWIN-01).
struct incoming_gateway_settings {
  bool enabled = true;
  gateway_mode mode = gateway_mode::backup_mx;
  std::vector<network> addresses; // of the primary mail server
  uint16_t port = 25;
  conf::domain_verification domain_verification = conf::domain_verification::list;
  std::vector<std::string> domains;
  conf::user_verification user_verification = conf::user_verification::none;
  bool peer_mode = false;
  std::string server_url;
  std::string server_user;
  std::vector<std::chrono::minutes> retry_intervals{std::chrono::minutes{10}, std::chrono::minutes{10},
                                                    std::chrono::minutes{10}, std::chrono::minutes{1440}};
};

} // namespace stagepost::conf
