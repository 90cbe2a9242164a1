#include "conf/describe_item.hpp"

namespace stagepost::conf {
namespace {

constexpr auto smtp = &system_settings::smtp_in;
using in = smtp_in_settings;

constexpr std::array table{
    item<smtp, &in::enabled>({.name = "smtp_in.enabled",
                              .sentence = "Serves SMTP and submission; off, no client is let in.",
                              .spec = "SVC-07"}),
    item<smtp, &in::banner>({.name = "smtp_in.banner",
                             .sentence = "Text of the greeting.",
                             .spec = "SMTPIN-01 BANNER-01 BANNER-02 BANNER-03 BANNER-04 BANNER-05",
                             .maximum = 400,
                             .form = text_form::banner}),
    item<smtp, &in::allow_relay>({.name = "smtp_in.allow_relay",
                                  .sentence =
                                      "Who may send to foreign domains without a login; anyone makes an open "
                                      "relay and switches statistics off.",
                                  .spec = "SMTPIN-02 SMTPIN-03 SMTPIN-04 SMTPIN-05 SMTPIN-06"}),
    item<smtp, &in::relay_for_authenticated>({.name = "smtp_in.relay_for_authenticated",
                                              .sentence =
                                                  "Users who log in may send to foreign domains whatever "
                                                  "allow_relay says.",
                                              .spec = "SMTPIN-21"}),
    item<smtp, &in::session_timeout>({.name = "smtp_in.session_timeout_seconds",
                                      .sentence = "A connection without a command for this long is closed.",
                                      .spec = "SMTPIN-07",
                                      .minimum = 1,
                                      .maximum = 86400}),
    item<smtp, &in::session_timeout_enabled>({.name = "smtp_in.session_timeout_enabled",
                                              .sentence = "Whether session_timeout_seconds counts.",
                                              .spec = "SMTPIN-08"}),
    item<smtp, &in::command_timeout>({.name = "smtp_in.command_timeout_seconds",
                                      .sentence = "A message whose data stops for this long is given up.",
                                      .spec = "SMTPIN-09",
                                      .minimum = 1,
                                      .maximum = 86400}),
    item<smtp, &in::max_bad_commands>(
        {.name = "smtp_in.max_bad_commands",
         .sentence = "Unknown or malformed commands after which the connection ends.",
         .spec = "SMTPIN-10",
         .zero_is_unlimited = true}),
    item<smtp, &in::max_connections>({.name = "smtp_in.max_connections",
                                      .sentence = "Simultaneous SMTP connections.",
                                      .spec = "SMTPIN-11",
                                      .zero_is_unlimited = true}),
    item<smtp, &in::max_connections_per_address>({.name = "smtp_in.max_connections_per_address",
                                                  .sentence =
                                                      "Simultaneous SMTP connections of one IPv4 address or "
                                                      "IPv6 /64; whitelisted networks are exempt.",
                                                  .zero_is_unlimited = true}),
    item<smtp, &in::max_hop_count>(
        {.name = "smtp_in.max_hop_count",
         .sentence = "A message with more Received headers than this is refused as a loop.",
         .spec = "SMTPIN-12",
         .minimum = 1,
         .maximum = 1000}),
    item<smtp, &in::max_message_size>({.name = "smtp_in.max_message_size_kb",
                                       .sentence = "Largest message that is accepted.",
                                       .spec = "SMTPIN-13",
                                       .unit = unit::kb,
                                       .zero_is_unlimited = true}),
    item<smtp, &in::max_recipients>({.name = "smtp_in.max_recipients",
                                     .sentence = "Recipients of one message; further ones are deferred.",
                                     .minimum = 100, // RFC 5321 4.5.3.1.8
                                     .maximum = 100000}),
    item<smtp, &in::max_bad_recipients>(
        {.name = "smtp_in.max_bad_recipients",
         .sentence = "Recipients that do not exist after which the session ends.",
         .spec = "SMTPIN-14 SEC-26",
         .zero_is_unlimited = true}),
    item<smtp, &in::max_line>({.name = "smtp_in.max_line_bytes",
                               .sentence = "Longest line of a message.",
                               .minimum = 1000, // RFC 5321 4.5.3.1.6
                               .maximum = 1048576,
                               .unit = unit::bytes}),
    item<smtp, &in::max_header_size>({.name = "smtp_in.max_header_size_kb",
                                      .sentence = "Largest header of a message.",
                                      .minimum = 16,
                                      .maximum = 65536,
                                      .unit = unit::kb}),
    item<smtp, &in::bare_newline>(
        {.name = "smtp_in.bare_newline",
         .sentence = "What is done with a message whose lines end without CR: refuse it, or "
                     "normalise the line ends."}),
    item<smtp, &in::append_received>({.name = "smtp_in.append_received",
                                      .sentence = "Which messages get this server's Received header.",
                                      .spec = "SMTPIN-17"}),
    item<smtp, &in::require_auth_match>(
        {.name = "smtp_in.require_auth_match",
         .sentence = "From of a user who logged in must be of the same domain, be the "
                     "same address, or may be anything.",
         .spec = "SMTPIN-18 SEC-22"}),
    item<smtp, &in::require_auth_for_local_deliveries>({.name = "smtp_in.require_auth_for_local_deliveries",
                                                        .sentence =
                                                            "Mail between local users needs a login too when "
                                                            "the sender's domain requires one.",
                                                        .spec = "SMTPIN-22"}),
    item<smtp, &in::disable_auth_login>(
        {.name = "smtp_in.disable_auth_login",
         .sentence = "Switches the plain-text login methods LOGIN and PLAIN off.",
         .spec = "SMTPIN-23 SMTPIN-39"}),
    item<smtp, &in::vrfy>(
        {.name = "smtp_in.vrfy", .sentence = "Lets clients verify an address.", .spec = "SMTPIN-19"}),
    item<smtp, &in::expn>({.name = "smtp_in.expn",
                           .sentence = "Lets clients list the users of an alias.",
                           .spec = "SMTPIN-20 ALIAS-03"}),
    item<smtp, &in::over_quota_reply>({.name = "smtp_in.over_quota_reply",
                                       .sentence =
                                           "A mailbox over its limit is refused with 4yz, so that the sender "
                                           "tries again, or for good with 5yz.",
                                       .spec = "SMTPIN-32"}),
    item<smtp, &in::plus_separator>({.name = "smtp_in.plus_separator",
                                     .sentence =
                                         "Character after which a local part is ignored: user+list is user. "
                                         "Empty: none.",
                                     .maximum = 1,
                                     .form = text_form::separator,
                                     .may_be_empty = true}),
    item<smtp, &in::auth_exempt_networks>({.name = "smtp_in.auth_exempt_networks",
                                           .sentence = "Hosts that are not asked to log in.",
                                           .spec = "SMTPIN-28 SEC-10 SEC-11 SEC-12",
                                           .may_be_empty = true}),
    item<smtp, &in::whitelisted_networks>(
        {.name = "smtp_in.whitelisted_networks",
         .sentence = "Hosts free of relay restrictions; wins over the blacklist.",
         .spec = "SMTPIN-29 SEC-02 SEC-03 SEC-04 SEC-05 SEC-25",
         .may_be_empty = true}),
    item<smtp, &in::blacklisted_networks>({.name = "smtp_in.blacklisted_networks",
                                           .sentence = "Hosts that get no SMTP service.",
                                           .spec = "SMTPIN-30 SEC-01 SEC-03 SEC-04 SEC-05",
                                           .may_be_empty = true}),
    item<smtp, &in::autodiscover, &autodiscover_settings::host>(
        {.name = "smtp_in.autodiscover_host",
         .sentence = "SMTP host that autodiscover tells clients; empty: the name of this server.",
         .spec = "SMTPIN-24",
         .form = text_form::host_name,
         .may_be_empty = true}),
    item<smtp, &in::autodiscover, &autodiscover_settings::port>(
        {.name = "smtp_in.autodiscover_port",
         .sentence = "SMTP port that autodiscover tells clients; automatic: that of a listener, or 587.",
         .spec = "SMTPIN-25",
         .minimum = 1,
         .maximum = 65535,
         .when_absent = "automatic"}),
    item<smtp, &in::autodiscover, &autodiscover_settings::ssl>(
        {.name = "smtp_in.autodiscover_ssl",
         .sentence = "Whether autodiscover tells clients to encrypt SMTP.",
         .spec = "SMTPIN-26"}),
};

} // namespace

std::span<const setting<system_settings>> smtp_in_table() { return table; }

} // namespace stagepost::conf
