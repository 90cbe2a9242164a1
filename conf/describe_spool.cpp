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
};

} // namespace

std::span<const setting<system_settings>> spool_table() { return table; }

} // namespace stagepost::conf
