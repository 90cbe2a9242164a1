#include "actors/spool/message_check.hpp"

#include <gtest/gtest.h>

namespace stagepost::spool {
namespace {

using storage::recipient_state;

TEST(LetPass, MakesOfARecipientWhatHeIs) {
  storage::spool_recipient who;
  who.state = recipient_state::unchecked;
  EXPECT_EQ(let_pass(who)->state, recipient_state::remote);
  who.account = account_id{7};
  EXPECT_EQ(let_pass(who)->state, recipient_state::local);
  who.state = recipient_state::unchecked_alias;
  EXPECT_EQ(let_pass(who)->state, recipient_state::expanding);
  for (const auto state : {recipient_state::held, recipient_state::local, recipient_state::remote}) {
    who.state = state;
    EXPECT_FALSE(let_pass(who));
  }
}

TEST(LetPass, IsWantedByThoseOnlyWhoWaitForTheProgram) {
  queued_message what;
  EXPECT_FALSE(waits_for_program(what));
  what.recipients.resize(2);
  what.recipients[0].state = recipient_state::held;
  EXPECT_FALSE(waits_for_program(what));
  what.recipients[1].state = recipient_state::unchecked;
  EXPECT_TRUE(waits_for_program(what));
}

TEST(RunsCommandLine, WhenItIsSwitchedOnAndThereIsOne) {
  conf::spool_settings settings;
  EXPECT_FALSE(runs_command_line(settings));
  settings.command_line_enabled = true;
  EXPECT_FALSE(runs_command_line(settings));
  settings.command_line = "/bin/true %filepath";
  EXPECT_TRUE(runs_command_line(settings));
  settings.command_line_enabled = false;
  EXPECT_FALSE(runs_command_line(settings));
}

} // namespace
} // namespace stagepost::spool
