#include "conf/describe_item.hpp"

namespace stagepost::conf {
namespace {

constexpr auto resolver = &system_settings::resolver;
constexpr auto restart = takes_effect::restart;

constexpr std::array table{
    item<resolver, &resolver_settings::servers>(
        {.name = "resolver.servers",
         .sentence = "DNS servers that are asked, address or address@port; without any those of "
                     "/etc/resolv.conf.",
         .maximum = 16,
         .form = text_form::dns_server,
         .effect = restart,
         .may_be_empty = true}),
    item<resolver, &resolver_settings::dnssec>(
        {.name = "resolver.dnssec",
         .sentence = "Validates answers by DNSSEC, which DANE needs; off for servers that cannot pass "
                     "signatures on.",
         .effect = restart}),
    item<resolver, &resolver_settings::trust_anchor_file>(
        {.name = "resolver.trust_anchor_file",
         .sentence = "File with the DS or DNSKEY records that are trusted; empty for those of the root "
                     "that Debian's dns-root-data brings.",
         .maximum = 1000,
         .form = text_form::path,
         .effect = restart,
         .may_be_empty = true}),
    item<resolver, &resolver_settings::lookup_timeout>(
        {.name = "resolver.lookup_timeout_seconds",
         .sentence = "A look-up that takes longer is a temporary failure.",
         .minimum = 1,
         .maximum = 300}),
    item<resolver, &resolver_settings::max_lookups>({.name = "resolver.max_lookups",
                                                     .sentence = "Look-ups under way at one time.",
                                                     .minimum = 1,
                                                     .maximum = 2000}),
    item<resolver, &resolver_settings::max_waiting>(
        {.name = "resolver.max_waiting",
         .sentence = "Questions that may wait besides; more are a temporary failure at once.",
         .maximum = 1000000}),
    item<resolver, &resolver_settings::cache>({.name = "resolver.cache",
                                               .sentence = "Keeps answers as long as their TTL allows.",
                                               .spec = "SMTPOUT-08",
                                               .effect = restart}),
    item<resolver, &resolver_settings::cache_size>({.name = "resolver.cache_size_kb",
                                                    .sentence = "Memory for answers that are kept.",
                                                    .minimum = 64,
                                                    .maximum = 4194304,
                                                    .unit = unit::kb}),
    item<resolver, &resolver_settings::cache_max_ttl>(
        {.name = "resolver.cache_max_ttl_seconds",
         .sentence = "No answer is kept longer, whatever its TTL.",
         .minimum = 1,
         .maximum = 604800}),
    item<resolver, &resolver_settings::cache_max_negative_ttl>(
        {.name = "resolver.cache_max_negative_ttl_seconds",
         .sentence = "That a name or its records do not exist is believed no longer than this.",
         .minimum = 1,
         .maximum = 86400}),
};

} // namespace

std::span<const setting<system_settings>> resolver_table() { return table; }

} // namespace stagepost::conf
