#include "conf/describe_item.hpp"

namespace stagepost::conf {
namespace {

constexpr auto imap = &system_settings::imap;

constexpr std::array table{
    item<imap, &imap_settings::enabled>({.name = "imap.enabled",
                                         .sentence = "Serves IMAP; off, no client is let in.",
                                         .spec = "IMAP-11 SVC-02"}),
    item<imap, &imap_settings::banner>({.name = "imap.banner",
                                        .sentence = "Text of the greeting.",
                                        .spec = "IMAP-01 BANNER-01 BANNER-02 BANNER-03 BANNER-04 BANNER-05",
                                        .maximum = 400,
                                        .form = text_form::banner}),
    item<imap, &imap_settings::command_timeout>(
        {.name = "imap.command_timeout_minutes",
         .sentence = "A command whose data stops for this long is given up.",
         .spec = "IMAP-02",
         .minimum = 1,
         .maximum = 1440}),
    item<imap, &imap_settings::idle_timeout>({.name = "imap.idle_timeout_minutes",
                                              .sentence =
                                                  "A session that is logged in is closed after this long "
                                                  "without a command.",
                                              .minimum = 30, // RFC 9051 5.4
                                              .maximum = 1440}),
    item<imap, &imap_settings::max_bad_commands>({.name = "imap.max_bad_commands",
                                                  .sentence = "Unknown or malformed commands after which the "
                                                              "connection ends.",
                                                  .spec = "IMAP-03",
                                                  .zero_is_unlimited = true}),
    item<imap, &imap_settings::max_connections>({.name = "imap.max_connections",
                                                 .sentence = "Simultaneous IMAP connections.",
                                                 .spec = "IMAP-04",
                                                 .zero_is_unlimited = true}),
    item<imap, &imap_settings::max_connections_per_address>({.name = "imap.max_connections_per_address",
                                                             .sentence =
                                                                 "Simultaneous IMAP connections of one IPv4 "
                                                                 "address or IPv6 /64; whitelisted networks "
                                                                 "are exempt.",
                                                             .zero_is_unlimited = true}),
    item<imap, &imap_settings::enable_idle>(
        {.name = "imap.enable_idle",
         .sentence = "Announces IDLE and tells clients of changes at once.",
         .spec = "IMAP-05"}),
    item<imap, &imap_settings::max_line>({.name = "imap.max_line_bytes",
                                          .sentence = "Longest command without its literals.",
                                          .minimum = 8192, // RFC 7162 4
                                          .maximum = 1048576,
                                          .unit = unit::bytes}),
    item<imap, &imap_settings::max_literal>({.name = "imap.max_literal_bytes",
                                             .sentence = "Longest literal that is not a message.",
                                             .minimum = 4096,
                                             .maximum = 16777216,
                                             .unit = unit::bytes}),
    item<imap, &imap_settings::max_append_size>({.name = "imap.max_append_size_kb",
                                                 .sentence = "Largest message a client may APPEND.",
                                                 .maximum = 4194303, // a literal's length is told in 32 bits
                                                 .unit = unit::kb,
                                                 .zero_is_unlimited = true}),
    item<imap, &imap_settings::max_annotation>({.name = "imap.max_annotation_bytes",
                                                .sentence = "Longest value of an annotation (METADATA).",
                                                .minimum = 1024,
                                                .maximum = 1048576,
                                                .unit = unit::bytes}),
    item<imap, &imap_settings::max_annotations>(
        {.name = "imap.max_annotations",
         .sentence = "Annotations a user may keep with one mailbox, and with the account beside them.",
         .minimum = 1,
         .maximum = 10000}),
    item<imap, &imap_settings::message_limit>(
        {.name = "imap.message_limit",
         .sentence = "Most messages one command may touch, SEARCH and APPEND included; "
                     "clients are told (RFC 9738).",
         .zero_is_unlimited = true}),
    item<imap, &imap_settings::drafts_folder>(
        {.name = "imap.drafts_folder",
         .sentence =
             "Name of the folder for drafts that a new account gets; those of others stay as they are.",
         .spec = "IMAP-14",
         .maximum = 200,
         .form = text_form::folder_name}),
    item<imap, &imap_settings::sent_folder>(
        {.name = "imap.sent_folder",
         .sentence = "Name of the folder for mail that was sent that a new account gets; those of others "
                     "stay as they are.",
         .spec = "IMAP-14",
         .maximum = 200,
         .form = text_form::folder_name}),
    item<imap, &imap_settings::junk_folder>(
        {.name = "imap.junk_folder",
         .sentence = "Name of the folder for junk that a new account gets; those of others stay as they are.",
         .spec = "IMAP-14",
         .maximum = 200,
         .form = text_form::folder_name}),
    item<imap, &imap_settings::trash_folder>(
        {.name = "imap.trash_folder",
         .sentence =
             "Name of the folder for deleted mail that a new account gets; those of others stay as they are.",
         .spec = "IMAP-14",
         .maximum = 200,
         .form = text_form::folder_name}),
    item<imap, &imap_settings::whitelisted_networks>({.name = "imap.whitelisted_networks",
                                                      .sentence =
                                                          "Hosts that are never blocked; wins over the "
                                                          "blacklist.",
                                                      .spec = "IMAP-12 SEC-02 SEC-03 SEC-04 SEC-07 SEC-25",
                                                      .may_be_empty = true}),
    item<imap, &imap_settings::blacklisted_networks>({.name = "imap.blacklisted_networks",
                                                      .sentence = "Hosts that get no IMAP service.",
                                                      .spec = "IMAP-12 SEC-01 SEC-03 SEC-04 SEC-07",
                                                      .may_be_empty = true}),
    item<imap, &imap_settings::autodiscover, &autodiscover_settings::host>(
        {.name = "imap.autodiscover_host",
         .sentence = "IMAP host that autodiscover tells clients; empty: the name of this server.",
         .spec = "IMAP-06",
         .form = text_form::host_name,
         .may_be_empty = true}),
    item<imap, &imap_settings::autodiscover, &autodiscover_settings::port>(
        {.name = "imap.autodiscover_port",
         .sentence = "IMAP port that autodiscover tells clients; automatic: that of a listener, or 993.",
         .spec = "IMAP-07",
         .minimum = 1,
         .maximum = 65535,
         .when_absent = "automatic"}),
    item<imap, &imap_settings::autodiscover, &autodiscover_settings::ssl>(
        {.name = "imap.autodiscover_ssl",
         .sentence = "Whether autodiscover tells clients to encrypt IMAP.",
         .spec = "IMAP-08"}),
};

} // namespace

std::span<const setting<system_settings>> imap_table() { return table; }

} // namespace stagepost::conf
