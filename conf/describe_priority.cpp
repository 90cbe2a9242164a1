#include "conf/describe_item.hpp"

namespace stagepost::conf {
namespace {

constexpr auto priority = &system_settings::priority;

constexpr std::array table{
    item<priority, &priority_settings::standard>(
        {.name = "priority.standard",
         .sentence = "Priority of mail for other servers that no other rule is for; 10 goes first.",
         .spec = "PRIO-03",
         .minimum = 1,
         .maximum = 10}),
    item<priority, &priority_settings::standard_enabled>(
        {.name = "priority.standard_enabled",
         .sentence = "Lets priority.standard count; else it is 5.",
         .spec = "PRIO-04"}),
    item<priority, &priority_settings::over_size>({.name = "priority.over_size",
                                                   .sentence = "Priority of large messages.",
                                                   .spec = "PRIO-07",
                                                   .minimum = 1,
                                                   .maximum = 10}),
    item<priority, &priority_settings::over_size_enabled>({.name = "priority.over_size_enabled",
                                                           .sentence = "Lets priority.over_size count.",
                                                           .spec = "PRIO-08"}),
    item<priority, &priority_settings::over_size_threshold>(
        {.name = "priority.over_size_threshold_kb",
         .sentence = "Largest message that is not a large one.",
         .spec = "PRIO-09",
         .minimum = 1,
         .unit = unit::kb}),
    item<priority, &priority_settings::auto_responders>({.name = "priority.auto_responders",
                                                         .sentence = "Priority of automatic replies.",
                                                         .spec = "PRIO-10 AUTO-06",
                                                         .minimum = 1,
                                                         .maximum = 10}),
    item<priority, &priority_settings::auto_responders_enabled>(
        {.name = "priority.auto_responders_enabled",
         .sentence = "Lets priority.auto_responders count.",
         .spec = "PRIO-11"}),
    item<priority, &priority_settings::bounces>({.name = "priority.bounces",
                                                 .sentence = "Priority of reports of failed deliveries.",
                                                 .spec = "PRIO-12",
                                                 .minimum = 1,
                                                 .maximum = 10}),
    item<priority, &priority_settings::bounces_enabled>(
        {.name = "priority.bounces_enabled", .sentence = "Lets priority.bounces count.", .spec = "PRIO-13"}),
    item<priority, &priority_settings::after_attempts_1>(
        {.name = "priority.after_attempts_1",
         .sentence = "Priority of mail that was tried priority.attempts_1 times.",
         .spec = "PRIO-18",
         .minimum = 1,
         .maximum = 10}),
    item<priority, &priority_settings::after_attempts_1_enabled>(
        {.name = "priority.after_attempts_1_enabled",
         .sentence = "Lets priority.after_attempts_1 count.",
         .spec = "PRIO-19"}),
    item<priority, &priority_settings::attempts_1>(
        {.name = "priority.attempts_1",
         .sentence = "Failed attempts after which priority.after_attempts_1 is given.",
         .spec = "PRIO-20",
         .minimum = 1,
         .maximum = 100}),
    item<priority, &priority_settings::after_attempts_2>(
        {.name = "priority.after_attempts_2",
         .sentence = "Priority of mail that was tried priority.attempts_2 times.",
         .spec = "PRIO-21",
         .minimum = 1,
         .maximum = 10}),
    item<priority, &priority_settings::after_attempts_2_enabled>(
        {.name = "priority.after_attempts_2_enabled",
         .sentence = "Lets priority.after_attempts_2 count.",
         .spec = "PRIO-22"}),
    item<priority, &priority_settings::attempts_2>(
        {.name = "priority.attempts_2",
         .sentence = "Failed attempts after which priority.after_attempts_2 is given.",
         .spec = "PRIO-23",
         .minimum = 1,
         .maximum = 100}),
    item<priority, &priority_settings::sender_overrides>(
        {.name = "priority.sender_overrides",
         .sentence = "Senders whose mail has a priority of its own: an address or @domain, \"=\", the "
                     "priority, and why.",
         .spec = "PRIO-25 PRIO-26 PRIO-27 PRIO-28",
         .maximum = 1000,
         .form = text_form::sender_override,
         .may_be_empty = true}),
};

} // namespace

std::span<const setting<system_settings>> priority_table() { return table; }

} // namespace stagepost::conf
