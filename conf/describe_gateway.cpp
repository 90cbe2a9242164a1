#include "conf/describe_item.hpp"

namespace stagepost::conf {

template <>
std::span<const setting<outgoing_gateway_settings>> settings_of() {
  using gateway = outgoing_gateway_settings;
  static constexpr std::array table{
      item<&gateway::enabled>(
          {.name = "enabled", .sentence = "Mail goes through the gateway.", .spec = "GWOUT-03"}),
      item<&gateway::address>({.name = "address",
                               .sentence = "Host name or IP address of the gateway.",
                               .spec = "GWOUT-03",
                               .form = text_form::host,
                               .may_be_empty = true}),
      item<&gateway::port>(
          {.name = "port", .sentence = "Port of the gateway.", .spec = "GWOUT-04", .minimum = 1}),
      item<&gateway::user>({.name = "user",
                            .sentence = "Name to log in to the gateway with; empty for no login.",
                            .spec = "GWOUT-05",
                            .may_be_empty = true}),
      item<&gateway::encryption>(
          {.name = "encryption",
           .sentence = "Encryption of the line to the gateway: none, which shows the password to the "
                       "network, opportunistic, starttls or ssl.",
           .spec = "GWOUT-07"}),
      item<&gateway::verify_certificate>(
          {.name = "verify_certificate",
           .sentence = "With starttls and ssl the gateway must prove its name by a certificate."}),
      item<&gateway::priority_from>({.name = "priority_from",
                                     .sentence = "Lowest priority of messages that go through the gateway.",
                                     .spec = "GWOUT-08 PRIO-02",
                                     .minimum = 1,
                                     .maximum = 10}),
      item<&gateway::priority_to>({.name = "priority_to",
                                   .sentence = "Highest priority of messages that go through the gateway.",
                                   .spec = "GWOUT-08 PRIO-02",
                                   .minimum = 1,
                                   .maximum = 10}),
      item<&gateway::max_connections>({.name = "max_connections",
                                       .sentence = "Connections to the gateway at one time.",
                                       .minimum = 1,
                                       .maximum = 10000}),
      item<&gateway::peer_mode>(
          {.name = "peer_mode",
           .sentence = "The gateway is another Stagepost: it is asked how much waits there, and gets mail "
                       "accordingly.",
           .spec = "GWOUT-09 GWOUT-13"}),
      item<&gateway::server_url>({.name = "server_url",
                                  .sentence = "Web address of the other server.",
                                  .spec = "GWOUT-10",
                                  .form = text_form::url,
                                  .may_be_empty = true}),
      item<&gateway::server_user>({.name = "server_user",
                                   .sentence = "Name to ask the other server with.",
                                   .spec = "GWOUT-11",
                                   .may_be_empty = true}),
  };
  return table;
}

template <>
std::span<const setting<incoming_gateway_settings>> settings_of() {
  using gateway = incoming_gateway_settings;
  static constexpr std::array table{
      item<&gateway::enabled>(
          {.name = "enabled", .sentence = "Mail is taken in for the gateway's domains.", .spec = "GWIN-01"}),
      item<&gateway::mode>({.name = "mode",
                            .sentence = "All mail of the domains comes in here and goes on to their server, "
                                        "or only what comes while that is away.",
                            .spec = "GWIN-02"}),
      item<&gateway::addresses>({.name = "addresses",
                                 .sentence = "Addresses or ranges of the primary mail server.",
                                 .spec = "GWIN-03",
                                 .maximum = 100,
                                 .may_be_empty = true}),
      item<&gateway::port>(
          {.name = "port", .sentence = "Port of the primary mail server.", .spec = "GWIN-03", .minimum = 1}),
      item<&gateway::domain_verification>(
          {.name = "domain_verification",
           .sentence = "Which domains mail is taken in for: those listed, those the primary mail server "
                       "says it has, or those whose MX records name it and this server.",
           .spec = "GWIN-09"}),
      item<&gateway::domains>({.name = "domains",
                               .sentence = "Domains that mail is taken in for.",
                               .spec = "GWIN-10",
                               .maximum = 10000,
                               .form = text_form::domain_name,
                               .may_be_empty = true}),
      item<&gateway::user_verification>(
          {.name = "user_verification",
           .sentence = "Which users mail is taken in for: all, those the primary mail server says it has "
                       "when it is asked by web service, or those it takes mail for. While it cannot be "
                       "asked, a backup MX takes in mail for all but those it refused before, and with "
                       "domain_forwarding senders are to try later.",
           .spec = "GWIN-04 GWIN-05"}),
      item<&gateway::peer_mode>({.name = "peer_mode",
                                 .sentence = "The primary mail server is another Stagepost and can be asked.",
                                 .spec = "GWIN-06"}),
      item<&gateway::server_url>({.name = "server_url",
                                  .sentence = "Web address of the primary mail server.",
                                  .spec = "GWIN-15",
                                  .form = text_form::url,
                                  .may_be_empty = true}),
      item<&gateway::server_user>({.name = "server_user",
                                   .sentence = "Name to ask the primary mail server with.",
                                   .spec = "GWIN-16",
                                   .may_be_empty = true}),
      item<&gateway::retry_intervals>(
          {.name = "retry_intervals_minutes",
           .sentence = "Waiting times between attempts to reach the primary mail server; when it is back, "
                       "what waits is sent at once.",
           .spec = "MX-03",
           .minimum = 1,
           .maximum = 10080}),
  };
  return table;
}

} // namespace stagepost::conf
