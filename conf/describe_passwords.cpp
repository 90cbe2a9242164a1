#include "conf/describe_item.hpp"

namespace stagepost::conf {
namespace {

constexpr auto passwords = &system_settings::passwords;
using of = password_settings;

constexpr std::array table{
    item<passwords, &of::argon2id_memory>(
        {.name = "passwords.argon2id_memory_mb",
         .sentence = "Memory one password hash takes; counts for passwords set from "
                     "now on.",
         .minimum = 8,
         .maximum = 1024,
         .unit = unit::mb}),
    item<passwords, &of::argon2id_passes>({.name = "passwords.argon2id_passes",
                                           .sentence = "Passes over that memory; more cost time.",
                                           .minimum = 1,
                                           .maximum = 16}),
    item<passwords, &of::scram_iterations>(
        {.name = "passwords.scram_iterations",
         .sentence = "Iterations of the stored SCRAM keys; the client pays for them "
                     "at each login.",
         .minimum = 4096, // RFC 7677 4
         .maximum = 1000000}),
    item<passwords, &of::store_scram_sha1>(
        {.name = "passwords.store_scram_sha1",
         .sentence = "Also keeps SCRAM-SHA-1 keys of passwords set from now on, for "
                     "old clients."}),
    item<passwords, &of::store_cram_md5>(
        {.name = "passwords.store_cram_md5",
         .sentence = "Also keeps what CRAM-MD5 and APOP need of passwords set from now "
                     "on; who steals it can log in.",
         .spec = "SMTPIN-27 POP-11"}),
    item<passwords, &of::plain_text_without_tls>({.name = "passwords.plain_text_without_tls",
                                                  .sentence =
                                                      "Takes passwords in the clear on connections without "
                                                      "TLS."}),
    item<passwords, &of::hashing_threads>({.name = "passwords.hashing_threads",
                                           .sentence = "Threads that verify passwords.",
                                           .minimum = 1,
                                           .maximum = 64,
                                           .effect = takes_effect::restart}),
    item<passwords, &of::hashing_memory>(
        {.name = "passwords.hashing_memory_mb",
         .sentence = "Memory all verifications together may take; further ones wait.",
         .minimum = 8,
         .maximum = 65536,
         .unit = unit::mb,
         .effect = takes_effect::restart}),
    item<passwords, &of::login_cache>({.name = "passwords.login_cache_seconds",
                                       .sentence =
                                           "How long a verified login is remembered, so that polling clients "
                                           "cost no hash; 0 for never.",
                                       .maximum = 300}),
    item<passwords, &of::failed_login_delay>({.name = "passwords.failed_login_delay_seconds",
                                              .sentence = "Wait before a failed login is answered.",
                                              .maximum = 60}),
    item<passwords, &of::failed_login_window>(
        {.name = "passwords.failed_login_window_minutes",
         .sentence = "Period in which failed logins are counted and after which "
                     "a block ends.",
         .minimum = 1,
         .maximum = 1440}),
    item<passwords, &of::max_failed_logins_per_address>({.name = "passwords.max_failed_logins_per_address",
                                                         .sentence =
                                                             "Failed logins of one address before its logins "
                                                             "are refused.",
                                                         .zero_is_unlimited = true}),
    item<passwords, &of::max_failed_logins_per_network>({.name = "passwords.max_failed_logins_per_network",
                                                         .sentence = "The same for an IPv6 /64.",
                                                         .zero_is_unlimited = true}),
    item<passwords, &of::max_failed_logins_per_account>(
        {.name = "passwords.max_failed_logins_per_account",
         .sentence = "Failed logins to one account before logins to it "
                     "are refused.",
         .zero_is_unlimited = true}),
};

} // namespace

std::span<const setting<system_settings>> password_table() { return table; }

} // namespace stagepost::conf
