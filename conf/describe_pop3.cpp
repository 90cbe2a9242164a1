#include "conf/describe_item.hpp"

namespace stagepost::conf {
namespace {

constexpr auto pop3 = &system_settings::pop3;

constexpr std::array table{
    item<pop3, &pop3_settings::enabled>({.name = "pop3.enabled",
                                         .sentence = "Serves POP3; off, no client is let in.",
                                         .spec = "POP-09 SVC-05"}),
    item<pop3, &pop3_settings::banner>({.name = "pop3.banner",
                                        .sentence = "Text of the greeting.",
                                        .spec = "POP-01 BANNER-01 BANNER-02 BANNER-03 BANNER-04 BANNER-05",
                                        .maximum = 400,
                                        .form = text_form::banner}),
    item<pop3, &pop3_settings::command_timeout>(
        {.name = "pop3.command_timeout_minutes",
         .sentence = "A transfer whose data stops for this long is given up.",
         .spec = "POP-02",
         .minimum = 1,
         .maximum = 1440}),
    item<pop3, &pop3_settings::idle_timeout>({.name = "pop3.idle_timeout_minutes",
                                              .sentence =
                                                  "A session without a command for this long is closed; "
                                                  "nothing is deleted then.",
                                              .minimum = 10, // RFC 1939 3
                                              .maximum = 1440}),
    item<pop3, &pop3_settings::max_bad_commands>({.name = "pop3.max_bad_commands",
                                                  .sentence = "Unknown or malformed commands after which the "
                                                              "connection ends.",
                                                  .spec = "POP-03",
                                                  .zero_is_unlimited = true}),
    item<pop3, &pop3_settings::max_connections>({.name = "pop3.max_connections",
                                                 .sentence = "Simultaneous POP3 connections.",
                                                 .spec = "POP-04",
                                                 .zero_is_unlimited = true}),
    item<pop3, &pop3_settings::max_connections_per_address>({.name = "pop3.max_connections_per_address",
                                                             .sentence =
                                                                 "Simultaneous POP3 connections of one IPv4 "
                                                                 "address or IPv6 /64; whitelisted networks "
                                                                 "are exempt.",
                                                             .zero_is_unlimited = true}),
    item<pop3, &pop3_settings::whitelisted_networks>({.name = "pop3.whitelisted_networks",
                                                      .sentence =
                                                          "Hosts that are never blocked; wins over the "
                                                          "blacklist.",
                                                      .spec = "POP-10 SEC-02 SEC-03 SEC-04 SEC-06 SEC-25",
                                                      .may_be_empty = true}),
    item<pop3, &pop3_settings::blacklisted_networks>({.name = "pop3.blacklisted_networks",
                                                      .sentence = "Hosts that get no POP3 service.",
                                                      .spec = "POP-10 SEC-01 SEC-03 SEC-04 SEC-06",
                                                      .may_be_empty = true}),
    item<pop3, &pop3_settings::autodiscover, &autodiscover_settings::host>(
        {.name = "pop3.autodiscover_host",
         .sentence = "POP3 host that autodiscover tells clients; empty: the name of this server.",
         .spec = "POP-05",
         .form = text_form::host_name,
         .may_be_empty = true}),
    item<pop3, &pop3_settings::autodiscover, &autodiscover_settings::port>(
        {.name = "pop3.autodiscover_port",
         .sentence = "POP3 port that autodiscover tells clients; automatic: that of a listener, or 995.",
         .spec = "POP-06",
         .minimum = 1,
         .maximum = 65535,
         .when_absent = "automatic"}),
    item<pop3, &pop3_settings::autodiscover, &autodiscover_settings::ssl>(
        {.name = "pop3.autodiscover_ssl",
         .sentence = "Whether autodiscover tells clients to encrypt POP3.",
         .spec = "POP-07"}),
};

} // namespace

std::span<const setting<system_settings>> pop3_table() { return table; }

} // namespace stagepost::conf
