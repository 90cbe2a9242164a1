#include "conf/describe_item.hpp"

namespace stagepost::conf {
namespace {

constexpr auto lmtp = &system_settings::lmtp;

constexpr std::array table{
    item<lmtp, &lmtp_settings::enabled>(
        {.name = "lmtp.enabled", .sentence = "Serves LMTP; off, no client is let in."}),
    item<lmtp, &lmtp_settings::banner>({.name = "lmtp.banner",
                                        .sentence = "Text of the greeting.",
                                        .spec = "BANNER-01 BANNER-02 BANNER-03 BANNER-04 BANNER-05",
                                        .maximum = 400,
                                        .form = text_form::banner}),
    item<lmtp, &lmtp_settings::session_timeout>({.name = "lmtp.session_timeout_seconds",
                                                 .sentence = "A connection silent for this long is closed.",
                                                 .minimum = 1,
                                                 .maximum = 86400}),
    item<lmtp, &lmtp_settings::max_connections>({.name = "lmtp.max_connections",
                                                 .sentence = "Simultaneous LMTP connections.",
                                                 .zero_is_unlimited = true}),
    item<lmtp, &lmtp_settings::trusted_networks>({.name = "lmtp.trusted_networks",
                                                  .sentence =
                                                      "Hosts that may deliver over LMTP on an IP address; a "
                                                      "unix socket is guarded by its file rights.",
                                                  .may_be_empty = true}),
};

} // namespace

std::span<const setting<system_settings>> lmtp_table() { return table; }

} // namespace stagepost::conf
