#include "conf/describe_item.hpp"

namespace stagepost::conf {
namespace {

constexpr auto forwarding = &system_settings::forwarding;
constexpr auto auto_responder = &system_settings::auto_responder;
constexpr auto footer = &system_settings::footer;
constexpr auto security = &system_settings::security;

constexpr std::array table{
    item<forwarding, &forwarding_settings::blacklist>(
        {.name = "forwarding.blacklist",
         .sentence = "Domains that users cannot forward mail to.",
         .spec = "FWD-03",
         .maximum = 10000,
         .form = text_form::domain_name,
         .may_be_empty = true}),
    item<forwarding, &forwarding_settings::srs_lifetime>(
        {.name = "forwarding.srs_lifetime_days",
         .sentence = "How long reports about forwarded mail find their way back to its first sender.",
         .spec = "DLV-09",
         .minimum = 1,
         .maximum = 365}),
    item<auto_responder, &auto_responder_settings::restriction>(
        {.name = "auto_responder.restriction",
         .sentence = "Which mail users may have answered automatically: none, that which passed SPF or came "
                     "from users who logged in, or any.",
         .spec = "SPAM-65 AUTO-04 SEC-20"}),
    item<auto_responder, &auto_responder_settings::answer_catch_all>(
        {.name = "auto_responder.answer_catch_all",
         .sentence = "Answers mail, too, that reached a user by the catch-all address of his domain only.",
         .spec = "SPAM-72 AUTO-05"}),
    item<footer, &footer_settings::enabled>(
        {.name = "footer.enabled",
         .sentence =
             "Puts footer.text at the end of all messages that come in, be they for users or from them; what "
             "is signed or encrypted stays as it is, and what others' servers signed when it is sent on.",
         .spec = "FOOT-01"}),
    item<footer, &footer_settings::text>({.name = "footer.text",
                                          .sentence = "The footer; HTML texts get it as a line of their own.",
                                          .spec = "FOOT-04",
                                          .maximum = 8192,
                                          .form = text_form::text,
                                          .may_be_empty = true}),
    item<footer, &footer_settings::mailing_lists>(
        {.name = "footer.mailing_lists",
         .sentence = "Messages of mailing lists, which mostly have a footer already, get it, too.",
         .spec = "FOOT-02"}),
    item<footer, &footer_settings::domains_may_override>(
        {.name = "footer.domains_may_override",
         .sentence = "Domains may have a footer of their own, even where footer.enabled is off.",
         .spec = "FOOT-03"}),
    item<security, &security_settings::blocked_senders>(
        {.name = "security.blocked_senders",
         .sentence = "Users and domains of this server that cannot send: addresses or domains, \"*\" for "
                     "any characters.",
         .spec = "SEC-16",
         .maximum = 10000,
         .form = text_form::sender_pattern,
         .may_be_empty = true}),
};

} // namespace

std::span<const setting<system_settings>> message_rules_table() { return table; }

} // namespace stagepost::conf
