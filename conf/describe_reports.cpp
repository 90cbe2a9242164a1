#include "conf/describe_item.hpp"

namespace stagepost::conf {
namespace {

constexpr auto reports = &system_settings::reports;

constexpr std::array table{
    item<reports, &report_settings::delete_server_stats_after>(
        {.name = "reports.delete_server_stats_after_months",
         .sentence =
             "How long statistics of the whole server are kept. They are written every few seconds; a "
             "kill loses the last of them.",
         .spec = "REP-05",
         .minimum = 1,
         .maximum = 1200}),
    item<reports, &report_settings::delete_server_stats>(
        {.name = "reports.delete_server_stats",
         .sentence = "Whether statistics of the whole server are removed after that time.",
         .spec = "REP-06"}),
    item<reports, &report_settings::delete_domain_stats_after>(
        {.name = "reports.delete_domain_stats_after_months",
         .sentence = "How long statistics of a domain are kept.",
         .spec = "REP-07",
         .minimum = 1,
         .maximum = 1200}),
    item<reports, &report_settings::delete_domain_stats>(
        {.name = "reports.delete_domain_stats",
         .sentence = "Whether statistics of domains are removed after that time.",
         .spec = "REP-08"}),
};

} // namespace

std::span<const setting<system_settings>> report_table() { return table; }

} // namespace stagepost::conf
