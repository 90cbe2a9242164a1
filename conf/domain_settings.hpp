#pragma once

#include "conf/units.hpp"

#include <cstdint>
#include <string>

namespace stagepost::conf {

/// How forgiving a signature is of what servers on the way do (RFC 6376 3.4).
enum class canonical_form : uint8_t { simple, relaxed };

/// What happens to mail above an hourly threshold: nothing, it waits until the hour ends, or it is refused
/// until then (DOM-83).
enum class throttle_action : uint8_t { none, delay, reject };

/// What holds for one domain (tabs Options, Technical, Features and Limits); kept with the domain.
struct domain_settings {
  bool disabled = false;
  bool require_auth = true;
  bool exclude_ip_from_received = false;
  bool catch_all = false;
  std::string catch_all_target; // empty: none
  byte_count disk_space = mb(500);
  uint32_t max_domain_aliases = 2;
  uint32_t max_users = 100;
  uint32_t max_user_aliases = 1000;
  byte_count max_message_size = kb(10000);
  uint32_t max_recipients = 200;
  std::string time_zone = "UTC";
  bool shared_folders = true;
  bool sign_mail = false;
  canonical_form sign_header_as = canonical_form::relaxed;
  canonical_form sign_body_as = canonical_form::relaxed;
  bool outgoing_tls = true;
  std::string outbound_ipv4; // empty: smtp_out.source_ipv4
  std::string outbound_ipv6;
  bool srs = true;
  bool auto_responder_once_per_day = true;
  bool footer_enabled = false;
  std::string footer_text;
  uint32_t throttle_messages = 5000;
  throttle_action throttle_messages_action = throttle_action::none;
  byte_count throttle_bandwidth = mb(100);
  throttle_action throttle_bandwidth_action = throttle_action::none;
  uint32_t throttle_bounces = 1000;
  throttle_action throttle_bounces_action = throttle_action::none;
};

} // namespace stagepost::conf
