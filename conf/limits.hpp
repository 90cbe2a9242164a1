#pragma once

#include "conf/settings.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace stagepost::conf {

/// The largest message a user may send: the smallest of what system, domain and user allow (SMTPIN-13,
/// DOM-63, USR-10). Nothing when none of them sets a limit.
std::optional<byte_count> message_size_limit(const smtp_in_settings& system, const domain_settings& domain,
                                             const user_settings& user);

/// The most recipients of one message a user sends (DOM-64, USR-10), never more than the server takes.
uint32_t recipient_limit(const smtp_in_settings& system, const domain_settings& domain,
                         const user_settings& user);

/// The space of a mailbox: the user's quota, as far as the domain's disk space reaches (USR-08, DOM-54).
std::optional<byte_count> mailbox_space_limit(const domain_settings& domain, const user_settings& user);

/// How much of something may come in an hour, and what happens to more (DOM-83).
struct hourly_cap {
  throttle_action action = throttle_action::none;
  uint64_t most = 0;

  bool counts() const { return action != throttle_action::none; }
};
/// What a domain may send in an hour (DOM-72 to DOM-78), and the reports of failed deliveries that it may
/// receive (DOM-79, DOM-81).
struct domain_caps {
  hourly_cap messages, octets, bounces;
};
domain_caps hourly_caps(const domain_settings& domain);

/// What one of its users may send (USR-11); nothing: only the domain's counts. The actions are the domain's.
struct user_caps {
  std::optional<uint64_t> messages, octets;
};
user_caps hourly_caps(const user_settings& user);

/// Mail in the spool is tried again after this time at the latest: after the longest retry interval, or when
/// an hour ends (DOM-72).
std::chrono::minutes longest_wait(const spool_settings& spool);

} // namespace stagepost::conf
