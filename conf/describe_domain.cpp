#include "conf/describe_item.hpp"

namespace stagepost::conf {

template <>
std::span<const setting<domain_settings>> settings_of() {
  static constexpr std::array table{
      item<&domain_settings::disabled>({.name = "disabled",
                                        .sentence =
                                            "The domain neither sends nor receives and its users cannot log "
                                            "in; all data stays.",
                                        .spec = "DOM-13 SMTPIN-31"}),
      item<&domain_settings::require_auth>({.name = "require_auth",
                                            .sentence = "Senders of the domain must log in before they send.",
                                            .spec = "DOM-25 SEC-21"}),
      item<&domain_settings::exclude_ip_from_received>({.name = "exclude_ip_from_received",
                                                        .sentence =
                                                            "Leaves the client's address out of the Received "
                                                            "header, against RFC 5321.",
                                                        .spec = "DOM-30"}),
      item<&domain_settings::catch_all>({.name = "catch_all",
                                         .sentence = "Lets catch_all_target count; not recommended.",
                                         .spec = "DOM-34 ALIAS-06"}),
      item<&domain_settings::catch_all_target>({.name = "catch_all_target",
                                                .sentence =
                                                    "Account of the domain that gets mail for addresses that "
                                                    "do not exist; empty for none.",
                                                .spec = "ALIAS-04",
                                                .maximum = 254,
                                                .form = text_form::mail_address,
                                                .may_be_empty = true}),
      item<&domain_settings::disk_space>(
          {.name = "disk_space_mb",
           .sentence = "Space of the whole domain; at the limit its mailboxes accept no "
                       "new mail.",
           .spec = "DOM-54 DOM-55",
           .unit = unit::mb,
           .zero_is_unlimited = true}),
      item<&domain_settings::max_domain_aliases>(
          {.name = "max_domain_aliases", .sentence = "Most domain aliases.", .spec = "DOM-56"}),
      item<&domain_settings::max_users>(
          {.name = "max_users", .sentence = "Most mailboxes.", .spec = "DOM-57"}),
      item<&domain_settings::max_user_aliases>(
          {.name = "max_user_aliases", .sentence = "Most alias addresses.", .spec = "DOM-58"}),
      item<&domain_settings::max_message_size>(
          {.name = "max_message_size_kb",
           .sentence = "Largest message a user may send, attachments included.",
           .spec = "DOM-63 SMTPIN-33",
           .unit = unit::kb,
           .zero_is_unlimited = true}),
      item<&domain_settings::max_recipients>({.name = "max_recipients",
                                              .sentence = "Most recipients of a message a user sends.",
                                              .spec = "DOM-64 SMTPIN-33",
                                              .zero_is_unlimited = true}),
      item<&domain_settings::time_zone>({.name = "time_zone",
                                         .sentence = "Time zone of the domain's users.",
                                         .maximum = 64,
                                         .form = text_form::time_zone}),
      item<&domain_settings::shared_folders>(
          {.name = "shared_folders",
           .sentence = "Users may share mail folders with others of the domain and see its public folders; "
                       "holds from the next login on.",
           .spec = "DOM-69 IMAP-13"}),
      item<&domain_settings::sign_mail>({.name = "sign_mail",
                                         .sentence = "Signs mail of the domain with its DKIM keys when it "
                                                     "goes to other servers.",
                                         .spec = "DLV-13"}),
      item<&domain_settings::sign_header_as>(
          {.name = "sign_header_as",
           .sentence = "How exactly the header must arrive for a signature to hold: relaxed lets servers on "
                       "the way change spaces and folding.",
           .spec = "DLV-18"}),
      item<&domain_settings::sign_body_as>(
          {.name = "sign_body_as",
           .sentence = "How exactly the body must arrive for a signature to hold: relaxed lets servers on "
                       "the way change spaces at the ends of lines.",
           .spec = "DLV-18"}),
      item<&domain_settings::outgoing_tls>(
          {.name = "outgoing_tls",
           .sentence = "Encrypts mail the domain sends where the other server offers it; smtp_out.use_tls "
                       "must be on, too. What DANE, MTA-STS, a route, a gateway or the sender (REQUIRETLS) "
                       "demands is encrypted even when this is off.",
           .spec = "DOM-22"}),
      item<&domain_settings::outbound_ipv4>(
          {.name = "outbound_ipv4",
           .sentence = "Address that mail of the domain is sent from to IPv4 servers; empty for "
                       "smtp_out.source_ipv4. Where it fails smtp_out.fall_back_to_primary decides.",
           .spec = "DOM-86 BIND-05",
           .form = text_form::ip_address,
           .may_be_empty = true}),
      item<&domain_settings::outbound_ipv6>(
          {.name = "outbound_ipv6",
           .sentence = "Address that mail of the domain is sent from to IPv6 servers; empty for "
                       "smtp_out.source_ipv6. Where it fails smtp_out.fall_back_to_primary decides.",
           .spec = "DOM-86 BIND-05",
           .form = text_form::ip_address,
           .may_be_empty = true}),
      item<&domain_settings::srs>(
          {.name = "srs",
           .sentence = "Gives mail that users forward a sender of the domain, so that it passes SPF where "
                       "it arrives; reports about it are sent back to the first sender.",
           .spec = "DOM-23 DLV-09 FWD-04"}),
      item<&domain_settings::auto_responder_once_per_day>(
          {.name = "auto_responder_once_per_day",
           .sentence = "Automatic replies of a user go to the same sender at most once a day.",
           .spec = "DOM-26 AUTO-03"}),
      item<&domain_settings::footer_enabled>(
          {.name = "footer_enabled",
           .sentence = "Puts footer_text at the end of the domain's messages instead of the server's, where "
                       "footer.domains_may_override allows it.",
           .spec = "FOOT-03"}),
      item<&domain_settings::footer_text>(
          {.name = "footer_text",
           .sentence = "The domain's own footer; empty: its messages have none.",
           .spec = "FOOT-03 FOOT-04",
           .maximum = 8192,
           .form = text_form::text,
           .may_be_empty = true}),
      item<&domain_settings::throttle_messages>(
          {.name = "throttle_messages_per_hour",
           .sentence = "Messages the domain may send in an hour, each recipient counted.",
           .spec = "DOM-72 DOM-73"}),
      item<&domain_settings::throttle_messages_action>(
          {.name = "throttle_messages_action",
           .sentence = "What happens to more: nothing, it waits until the hour ends, or it is refused.",
           .spec = "DOM-75 DOM-83"}),
      item<&domain_settings::throttle_bandwidth>({.name = "throttle_bandwidth_per_hour_mb",
                                                  .sentence = "Data the domain may send in an hour.",
                                                  .spec = "DOM-72 DOM-76",
                                                  .unit = unit::mb}),
      item<&domain_settings::throttle_bandwidth_action>(
          {.name = "throttle_bandwidth_action",
           .sentence = "What happens to more: nothing, it waits until the hour ends, or it is refused.",
           .spec = "DOM-78 DOM-83"}),
      item<&domain_settings::throttle_bounces>(
          {.name = "throttle_bounces_per_hour",
           .sentence = "Reports of failed deliveries the domain may receive in an hour.",
           .spec = "DOM-79"}),
      item<&domain_settings::throttle_bounces_action>(
          {.name = "throttle_bounces_action",
           .sentence = "What happens to more: nothing, it waits until the hour ends, or it is refused.",
           .spec = "DOM-81 DOM-83"}),
  };
  return table;
}

} // namespace stagepost::conf
