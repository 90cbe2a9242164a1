#include "conf/describe_item.hpp"

namespace stagepost::conf {
namespace {

constexpr auto spool = &system_settings::spool;

constexpr std::array table{
    item<spool, &spool_settings::retry_intervals>({.name = "spool.retry_intervals_minutes",
                                                   .sentence =
                                                       "Waiting times between attempts to deliver; after the "
                                                       "last the message bounces.",
                                                   .spec = "SPOOL-07 DLV-01",
                                                   .minimum = 1,
                                                   .maximum = 10080}),
    item<spool, &spool_settings::alias_expansion_limit>({.name = "spool.alias_expansion_limit",
                                                         .sentence =
                                                             "Addresses one recipient may grow into through "
                                                             "aliases.",
                                                         .minimum = 1,
                                                         .maximum = 1000000}),
    item<spool, &spool_settings::delivery_workers>({.name = "spool.delivery_workers",
                                                    .sentence = "Messages that are delivered at one time.",
                                                    .spec = "SPOOL-02",
                                                    .minimum = 1,
                                                    .maximum = 10000}),
    item<spool, &spool_settings::attempts_with_dns_errors>(
        {.name = "spool.attempts_with_dns_errors",
         .sentence = "Attempts that find no such domain in the DNS before a message bounces.",
         .spec = "SPOOL-08 DLV-02",
         .minimum = 1,
         .maximum = 100}),
    item<spool, &spool_settings::delay_notice_after>(
        {.name = "spool.delay_notice_after_attempts",
         .sentence =
             "Attempts after which the sender is told that a message is late and still tried; 0: never.",
         .spec = "SPOOL-09 DLV-03",
         .maximum = 100}),
    item<spool, &spool_settings::double_bounces_to>(
        {.name = "spool.double_bounces_to",
         .sentence = "Address that is told when a report to a sender cannot be delivered; empty: nobody is.",
         .maximum = 320,
         .may_be_empty = true}),
    item<spool, &spool_settings::delivery_delay>(
        {.name = "spool.delivery_delay_seconds",
         .sentence =
             "Time for which a message and its file are kept back for the command-line program and what "
             "works behind it, counted from its arrival; with no such program nothing is kept back.",
         .spec = "SPOOL-06",
         .maximum = 3600}),
    item<spool, &spool_settings::command_line>(
        {.name = "spool.command_line",
         .sentence = "Program that is run on each message that comes in, before it is delivered: an absolute "
                     "path and arguments, in quotes where they have spaces; %filepath is the message's file, "
                     "which it may change, or delete so that the message is not delivered, whatever its "
                     "exit status.",
         .spec = "SPOOL-10",
         .maximum = 1024,
         .may_be_empty = true}),
    item<spool, &spool_settings::command_line_enabled>(
        {.name = "spool.command_line_enabled", .sentence = "Runs that program.", .spec = "SPOOL-11"}),
    item<spool, &spool_settings::command_line_timeout>(
        {.name = "spool.command_line_timeout_seconds",
         .sentence = "The program is ended after this time and run again, as after a crash; after three such "
                     "ends the message goes on as it was, unless its file was deleted.",
         .spec = "SPOOL-12",
         .minimum = 1,
         .maximum = 600}),
    item<spool, &spool_settings::command_line_processes>(
        {.name = "spool.command_line_processes",
         .sentence = "Messages that the program works on at one time.",
         .minimum = 1,
         .maximum = 16}),
};

} // namespace

std::span<const setting<system_settings>> spool_table() { return table; }

} // namespace stagepost::conf
