#include "actors/connection/entry_rules.hpp"

#include "conf/network.hpp"

namespace stagepost::connection {

namespace {

/// Administrators on the control socket. It has no setting: no figure for mail may ever lock them out.
constexpr uint32_t most_control_connections = 64;

} // namespace

bool contains(const std::vector<conf::network>& networks, const std::string& address) {
  const auto ip = conf::parse_ip(address);
  if (!ip) return false;
  for (const auto& each : networks)
    if (each.contains(*ip)) return true;
  return false;
}

bool is_refused(conf::service service, const conf::system_settings& all, const std::string& address) {
  const auto judge = [&](const auto& lists) {
    return contains(lists.blacklisted_networks, address) && !contains(lists.whitelisted_networks, address);
  };
  switch (service) {
  case conf::service::smtp:
  case conf::service::submission: return !all.smtp_in.enabled || judge(all.smtp_in);
  case conf::service::imap: return !all.imap.enabled || judge(all.imap);
  case conf::service::pop3: return !all.pop3.enabled || judge(all.pop3);
  case conf::service::lmtp:
    return !all.lmtp.enabled || (address != "unix" && !contains(all.lmtp.trusted_networks, address));
  case conf::service::http: return !all.http.enabled;
  default: return false;
  }
}

bool is_whitelisted(conf::service service, const conf::system_settings& all, const std::string& address) {
  switch (service) {
  case conf::service::smtp:
  case conf::service::submission: return contains(all.smtp_in.whitelisted_networks, address);
  case conf::service::imap: return contains(all.imap.whitelisted_networks, address);
  case conf::service::pop3: return contains(all.pop3.whitelisted_networks, address);
  default: return false;
  }
}

entry_limits limits_of(conf::service service, const conf::system_settings& all) {
  switch (service) {
  case conf::service::lmtp: return {all.lmtp.max_connections, 0};
  case conf::service::imap: return {all.imap.max_connections, all.imap.max_connections_per_address};
  case conf::service::pop3: return {all.pop3.max_connections, all.pop3.max_connections_per_address};
  case conf::service::http: return {all.http.max_connections, 0};
  case conf::service::smtp:
  case conf::service::submission:
    return {all.smtp_in.max_connections, all.smtp_in.max_connections_per_address};
  case conf::service::managesieve: break; // the control socket goes by this name (stagepostd's start_control)
  }
  return {most_control_connections, 0};
}

std::string place_of(const std::string& address) {
  const auto ip = conf::parse_ip(address);
  return !ip || conf::is_ipv4(*ip) ? address : std::string(ip->begin(), ip->begin() + 8);
}

std::string_view words_of_refusal(const conf::listener& listener, bool busy) {
  if (listener.tls == conf::tls_mode::implicit) return {};
  switch (listener.service) {
  case conf::service::smtp:
  case conf::service::submission:
  case conf::service::lmtp:
    return busy ? "421 4.7.0 Too many connections, try again later\r\n"
                : "554 5.7.1 No service for your address\r\n";
  case conf::service::imap:
    return busy ? "* BYE [UNAVAILABLE] Too many connections, try again later\r\n"
                : "* BYE [NOPERM] No service for your address\r\n";
  case conf::service::pop3:
    return busy ? "-ERR [SYS/TEMP] Too many connections, try again later\r\n"
                : "-ERR [SYS/PERM] No service for your address\r\n";
  default: return {};
  }
}

} // namespace stagepost::connection
