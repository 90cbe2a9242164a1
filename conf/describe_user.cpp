#include "conf/describe_item.hpp"

namespace stagepost::conf {

template <>
std::span<const setting<user_settings>> settings_of() {
  static constexpr std::array table{
      item<&user_settings::disabled>({.name = "disabled",
                                      .sentence = "The user is shut out until enabled again; all data stays.",
                                      .spec = "USR-05"}),
      item<&user_settings::quota>({.name = "quota_mb",
                                   .sentence = "Space of the mailbox; a full one accepts no new mail.",
                                   .spec = "USR-08",
                                   .unit = unit::mb,
                                   .when_absent = "unlimited"}),
      item<&user_settings::allow_pop3>(
          {.name = "allow_pop3", .sentence = "May use POP3.", .spec = "USR-09 POP-09"}),
      item<&user_settings::allow_imap>(
          {.name = "allow_imap", .sentence = "May use IMAP.", .spec = "USR-09 IMAP-11"}),
      item<&user_settings::allow_smtp>(
          {.name = "allow_smtp", .sentence = "May send over SMTP.", .spec = "USR-09"}),
      item<&user_settings::allow_webmail>(
          {.name = "allow_webmail", .sentence = "May use webmail.", .spec = "USR-09"}),
      item<&user_settings::max_message_size>({.name = "max_message_size_kb",
                                              .sentence =
                                                  "Largest message the user may send; never more than the "
                                                  "domain allows.",
                                              .spec = "USR-10 DOM-63",
                                              .minimum = 1,
                                              .unit = unit::kb,
                                              .when_absent = "domain"}),
      item<&user_settings::max_recipients>(
          {.name = "max_recipients",
           .sentence = "Most recipients of a message the user sends; never more than "
                       "the domain allows.",
           .spec = "USR-10 DOM-64",
           .minimum = 1,
           .when_absent = "domain"}),
      item<&user_settings::time_zone>({.name = "time_zone",
                                       .sentence = "Time zone of the user.",
                                       .maximum = 64,
                                       .form = text_form::time_zone,
                                       .when_absent = "domain"}),
      item<&user_settings::plus_addressing>({.name = "plus_addressing",
                                             .sentence =
                                                 "Takes mail to the user's name with a suffix after the "
                                                 "separator."}),
      item<&user_settings::forward_to>({.name = "forward_to",
                                        .sentence = "Addresses that the user's mail is sent on to.",
                                        .spec = "FWD-01",
                                        .maximum = 20,
                                        .form = text_form::mail_address,
                                        .may_be_empty = true}),
      item<&user_settings::forward_keep_copy>({.name = "forward_keep_copy",
                                               .sentence = "Mail that is sent on stays in the mailbox, too.",
                                               .spec = "FWD-01"}),
      item<&user_settings::auto_responder_enabled>(
          {.name = "auto_responder_enabled",
           .sentence = "Answers mail by itself, for instance while the user is away.",
           .spec = "AUTO-01"}),
      item<&user_settings::auto_responder_subject>(
          {.name = "auto_responder_subject",
           .sentence = "Subject of the answer; empty for that of the message it answers.",
           .spec = "AUTO-01",
           .may_be_empty = true}),
      item<&user_settings::auto_responder_text>({.name = "auto_responder_text",
                                                 .sentence = "Text of the answer.",
                                                 .spec = "AUTO-01",
                                                 .maximum = 16384,
                                                 .form = text_form::text,
                                                 .may_be_empty = true}),
      item<&user_settings::auto_responder_from>(
          {.name = "auto_responder_from",
           .sentence = "First day on which mail is answered, in the user's time zone; empty for at once.",
           .spec = "AUTO-01",
           .form = text_form::day,
           .may_be_empty = true}),
      item<&user_settings::auto_responder_until>(
          {.name = "auto_responder_until",
           .sentence = "Last day on which mail is answered; empty for no end.",
           .spec = "AUTO-01",
           .form = text_form::day,
           .may_be_empty = true}),
      item<&user_settings::throttle_messages>(
          {.name = "throttle_messages_per_hour",
           .sentence = "Messages the user may send in an hour, each recipient counted; above it happens "
                       "what the domain's throttle_messages_action says.",
           .spec = "USR-11",
           .when_absent = "unlimited"}),
      item<&user_settings::throttle_bandwidth>(
          {.name = "throttle_bandwidth_per_hour_mb",
           .sentence = "Data the user may send in an hour; above it happens what the domain's "
                       "throttle_bandwidth_action says.",
           .spec = "USR-11",
           .unit = unit::mb,
           .when_absent = "unlimited"}),
  };
  return table;
}

} // namespace stagepost::conf
