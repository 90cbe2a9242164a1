#include "conf/describe_item.hpp"

namespace stagepost::conf {
namespace {

constexpr auto out = &system_settings::smtp_out;

constexpr std::array table{
    item<out, &smtp_out_settings::routes>(
        {.name = "smtp_out.routes",
         .sentence =
             "Where mail for other domains goes: the domain, \".domain\" with all below it or \"*\" for "
             "all others.",
         .maximum = 1000,
         .form = text_form::route,
         .may_be_empty = true}),
    item<out, &smtp_out_settings::port>(
        {.name = "smtp_out.port",
         .sentence =
             "Port of the mail hosts that the DNS names; another one than 25 is for networks of one's "
             "own only.",
         .minimum = 1,
         .maximum = 65535,
         .effect = takes_effect::restart}),
    item<out, &smtp_out_settings::max_connections>({.name = "smtp_out.max_connections",
                                                    .sentence = "Messages sent to other servers at one time.",
                                                    .spec = "SMTPOUT-06",
                                                    .minimum = 1,
                                                    .maximum = 10000}),
    item<out, &smtp_out_settings::connections_per_destination>(
        {.name = "smtp_out.connections_per_destination",
         .sentence = "Of them those to one domain.",
         .minimum = 1,
         .maximum = 1000}),
    item<out, &smtp_out_settings::messages_per_connection>(
        {.name = "smtp_out.messages_per_connection",
         .sentence = "Messages after which a connection makes room for other domains.",
         .minimum = 1,
         .maximum = 100000}),
    item<out, &smtp_out_settings::recipients_per_message>(
        {.name = "smtp_out.recipients_per_message",
         .sentence = "Recipients of a message that share one transmission.",
         .minimum = 1,
         .maximum = 1000}),
    item<out, &smtp_out_settings::live_destinations>(
        {.name = "smtp_out.live_destinations",
         .sentence = "Domains that are worked on at one time; others wait their turn.",
         .minimum = 1,
         .maximum = 10000}),
    item<out, &smtp_out_settings::command_timeout>(
        {.name = "smtp_out.command_timeout_seconds",
         .sentence =
             "A server that answers nothing and takes nothing for this long is given up; the answer to a "
             "whole message is waited for ten times as long.",
         .spec = "SMTPOUT-04",
         .minimum = 1,
         .maximum = 3600}),
    item<out, &smtp_out_settings::connect_timeout>(
        {.name = "smtp_out.connect_timeout_seconds",
         .sentence = "An address that is not reached within this time is given up.",
         .minimum = 1,
         .maximum = 600}),
    item<out, &smtp_out_settings::rest_after_failure>(
        {.name = "smtp_out.rest_after_failure_seconds",
         .sentence =
             "A domain none of whose servers was reached is left alone for this long, and longer each time.",
         .maximum = 3600}),
    item<out, &smtp_out_settings::use_tls>({.name = "smtp_out.use_tls",
                                            .sentence = "Encrypts where the other server offers it.",
                                            .spec = "SMTPOUT-09"}),
    item<out, &smtp_out_settings::source_ipv4>(
        {.name = "smtp_out.source_ipv4",
         .sentence = "Address that connections to IPv4 servers come from.",
         .spec = "SMTPOUT-01",
         .form = text_form::ip_address,
         .may_be_empty = true}),
    item<out, &smtp_out_settings::source_ipv6>(
        {.name = "smtp_out.source_ipv6",
         .sentence = "Address that connections to IPv6 servers come from.",
         .spec = "SMTPOUT-02",
         .form = text_form::ip_address,
         .may_be_empty = true}),
    item<out, &smtp_out_settings::fall_back_to_primary>(
        {.name = "smtp_out.fall_back_to_primary",
         .sentence = "Connects from the machine's own choice of address where the one above fails, and for "
                     "a domain with an address of its own from the one above where its own fails.",
         .spec = "SMTPOUT-03"}),
    item<out, &smtp_out_settings::returned_message>(
        {.name = "smtp_out.returned_message_kb",
         .sentence =
             "A message up to this size comes back whole with the report of its failure; of a larger one, "
             "its header.",
         .maximum = 200,
         .unit = unit::kb}),
    item<out, &smtp_out_settings::mta_sts>(
        {.name = "smtp_out.mta_sts",
         .sentence = "Follows what domains publish by MTA-STS: mail for them goes only to servers that "
                     "prove who they are."}),
    item<out, &smtp_out_settings::authenticated_as_header>(
        {.name = "smtp_out.authenticated_as_header",
         .sentence = "Mail for other servers says in X-Stagepost-Authenticated-As who logged in to send it.",
         .spec = "SMTPOUT-10"}),
    item<out, &smtp_out_settings::host_names>(
        {.name = "smtp_out.host_names",
         .sentence = "Host names that this server goes by on connections from its addresses; on others it "
                     "is the name of the node.",
         .spec = "BIND-16 BIND-17",
         .form = text_form::named_address,
         .may_be_empty = true}),
};

} // namespace

std::span<const setting<system_settings>> smtp_out_table() { return table; }

} // namespace stagepost::conf
