#pragma once

#include "conf/describe.hpp"

#include <array>
#include <string_view>

namespace stagepost::conf {

/// The words of an enum in the order of its values. *Stored and in files: never change a word.*
template <class Enum>
struct words;

template <>
struct words<service> {
  static constexpr std::array<std::string_view, 7> all{"smtp", "submission", "lmtp",       "imap",
                                                       "pop3", "http",       "managesieve"};
};
template <>
struct words<tls_mode> {
  static constexpr std::array<std::string_view, 3> all{"none", "starttls", "implicit"};
};
template <>
struct words<log_level> {
  static constexpr std::array<std::string_view, 4> all{"error", "warning", "info", "debug"};
};
template <>
struct words<log_format> {
  static constexpr std::array<std::string_view, 2> all{"text", "json"};
};
template <>
struct words<outbound_scope> {
  static constexpr std::array<std::string_view, 3> all{"none", "routes", "all"};
};
template <>
struct words<relay_for> {
  static constexpr std::array<std::string_view, 4> all{"nobody", "local_users", "local_domains", "anyone"};
};
template <>
struct words<received_for> {
  static constexpr std::array<std::string_view, 3> all{"all", "authenticated", "none"};
};
template <>
struct words<auth_match> {
  static constexpr std::array<std::string_view, 3> all{"none", "domain", "address"};
};
template <>
struct words<bare_newline> {
  static constexpr std::array<std::string_view, 2> all{"refuse", "normalise"};
};
template <>
struct words<over_quota_reply> {
  static constexpr std::array<std::string_view, 2> all{"temporary", "permanent"};
};
template <>
struct words<canonical_form> {
  static constexpr std::array<std::string_view, 2> all{"simple", "relaxed"};
};
template <>
struct words<auto_responder_limit> {
  static constexpr std::array<std::string_view, 3> all{"disabled", "spf_passed", "unrestricted"};
};
template <>
struct words<throttle_action> {
  static constexpr std::array<std::string_view, 3> all{"none", "delay", "reject"};
};
template <>
struct words<gateway_tls> {
  static constexpr std::array<std::string_view, 4> all{"none", "opportunistic", "starttls", "ssl"};
};
template <>
struct words<gateway_mode> {
  static constexpr std::array<std::string_view, 2> all{"backup_mx", "domain_forwarding"};
};
template <>
struct words<user_verification> {
  static constexpr std::array<std::string_view, 3> all{"none", "web_service", "probe"};
};
template <>
struct words<domain_verification> {
  static constexpr std::array<std::string_view, 3> all{"list", "web_service", "mx"};
};
template <>
struct words<tls_version> {
  static constexpr std::array<std::string_view, 2> all{"1.2", "1.3"};
};
template <>
struct words<scope> {
  static constexpr std::array<std::string_view, 5> all{"node", "system", "domain", "user", "gateway"};
};
template <>
struct words<takes_effect> {
  static constexpr std::array<std::string_view, 2> all{"live", "restart"};
};
template <>
struct words<value_kind> {
  static constexpr std::array<std::string_view, 10> all{
      "boolean", "number",        "duration",     "size",      "choice",
      "text",    "duration_list", "network_list", "text_list", "objects"};
};
template <>
struct words<unit> {
  static constexpr std::array<std::string_view, 9> all{"",        "bytes", "KB",   "MB",    "seconds",
                                                       "minutes", "hours", "days", "months"};
};
template <>
struct words<text_form> {
  static constexpr std::array<std::string_view, 23> all{
      "line",       "banner",    "path",         "host_name",       "host_pattern",   "listen_address",
      "identifier", "time_zone", "mail_address", "separator",       "dns_server",     "ip_address",
      "route",      "text",      "domain_name",  "sender_override", "sender_pattern", "named_address",
      "host",       "url",       "day",          "language",        "folder_name"};
};

template <class Enum>
constexpr std::string_view word_in_table(Enum value) {
  return words<Enum>::all[size_t(value)];
}

} // namespace stagepost::conf
