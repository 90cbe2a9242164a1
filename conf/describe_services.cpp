#include "conf/describe_item.hpp"

namespace stagepost::conf {
namespace {

constexpr auto tls = &system_settings::tls;
constexpr auto http = &system_settings::http;
constexpr auto metrics = &system_settings::metrics;

constexpr std::array table{
    item<tls, &tls_settings::min_version>({.name = "tls.min_version",
                                           .sentence = "Oldest TLS version that is spoken.",
                                           .effect = takes_effect::restart}),
    item<tls, &tls_settings::session_tickets>(
        {.name = "tls.session_tickets",
         .sentence = "Lets clients resume a session without a new key exchange.",
         .effect = takes_effect::restart}),
    item<tls, &tls_settings::client_ca_file>(
        {.name = "tls.client_ca_file",
         .sentence =
             "File with the certificates of authorities: clients of IMAP, POP3 and submission who show "
             "a certificate of one of them may log in by it (SASL EXTERNAL), as the user whose e-mail "
             "address it has. Empty: no certificate is asked for.",
         .maximum = 1000,
         .form = text_form::path,
         .effect = takes_effect::restart,
         .may_be_empty = true}),
    item<tls, &tls_settings::handshake_timeout>({.name = "tls.handshake_timeout_seconds",
                                                 .sentence = "A handshake that takes longer is given up.",
                                                 .minimum = 1,
                                                 .maximum = 600}),
    item<http, &http_settings::enabled>(
        {.name = "http.enabled", .sentence = "Serves HTTP; off, no client is let in."}),
    item<http, &http_settings::max_connections>({.name = "http.max_connections",
                                                 .sentence = "Simultaneous HTTP connections.",
                                                 .zero_is_unlimited = true}),
    item<http, &http_settings::max_request_size>({.name = "http.max_request_size_kb",
                                                  .sentence = "Largest request body.",
                                                  .minimum = 16,
                                                  .maximum = 1048576,
                                                  .unit = unit::kb}),
    item<http, &http_settings::idle_timeout>({.name = "http.idle_timeout_seconds",
                                              .sentence = "A connection silent for this long is closed.",
                                              .minimum = 1,
                                              .maximum = 3600}),
    item<metrics, &metrics_settings::enabled>(
        {.name = "metrics.enabled", .sentence = "Serves /metrics on the HTTP ports."}),
    item<metrics, &metrics_settings::allowed_networks>({.name = "metrics.allowed_networks",
                                                        .sentence = "Hosts that may read the metrics.",
                                                        .may_be_empty = true}),
};

} // namespace

std::span<const setting<system_settings>> service_table() { return table; }

} // namespace stagepost::conf
