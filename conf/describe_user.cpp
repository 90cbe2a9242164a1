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
  };
  return table;
}

} // namespace stagepost::conf
