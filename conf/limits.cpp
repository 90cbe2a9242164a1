#include "conf/limits.hpp"

#include <algorithm>

namespace stagepost::conf {
namespace {

/// System and domain say "no limit" with 0.
std::optional<byte_count> unless_zero(byte_count limit) {
  if (limit.bytes == 0) return std::nullopt;
  return limit;
}

std::optional<byte_count> smaller(std::optional<byte_count> a, std::optional<byte_count> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

} // namespace

std::optional<byte_count> message_size_limit(const smtp_in_settings& system, const domain_settings& domain,
                                             const user_settings& user) {
  return smaller(unless_zero(system.max_message_size),
                 smaller(unless_zero(domain.max_message_size), user.max_message_size));
}

uint32_t recipient_limit(const smtp_in_settings& system, const domain_settings& domain,
                         const user_settings& user) {
  uint32_t limit = system.max_recipients;
  if (domain.max_recipients != 0) limit = std::min(limit, domain.max_recipients);
  return std::min(limit, user.max_recipients.value_or(limit));
}

std::optional<byte_count> mailbox_space_limit(const domain_settings& domain, const user_settings& user) {
  return smaller(unless_zero(domain.disk_space), user.quota);
}

domain_caps hourly_caps(const domain_settings& domain) {
  return {{domain.throttle_messages_action, domain.throttle_messages},
          {domain.throttle_bandwidth_action, domain.throttle_bandwidth.bytes},
          {domain.throttle_bounces_action, domain.throttle_bounces}};
}

user_caps hourly_caps(const user_settings& user) {
  user_caps made;
  made.messages = user.throttle_messages;
  if (user.throttle_bandwidth) made.octets = user.throttle_bandwidth->bytes;
  return made;
}

std::chrono::minutes longest_wait(const spool_settings& spool) {
  const auto& plan = spool.retry_intervals;
  const std::chrono::minutes hour = std::chrono::hours(1);
  return plan.empty() ? hour : std::max(hour, *std::max_element(plan.begin(), plan.end()));
}

} // namespace stagepost::conf
