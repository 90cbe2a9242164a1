#pragma once

#include "event_loop.hpp"
#include "imap_client.hpp"
#include "verbs.hpp"

#include <string>
#include <vector>

namespace stagepost::load {

/// What verbs that time commands in one selected mailbox have in common.
struct imap_repeat_settings {
  server_target target;
  run_options run;
  std::string mailbox = "INBOX";
  uint32_t repeat = 1;
};

/// What one timed command cost and brought.
struct timed_command {
  double seconds = 0;
  uint64_t received_bytes = 0;
  uint64_t responses = 0;
  /// Numbers in "* SEARCH" or the COUNT of an "* ESEARCH".
  uint64_t hits = 0;
};

void add_imap_repeat_options(CLI::App& verb, imap_repeat_settings& settings);

/// Selects the mailbox and runs each command in turn, the whole list `repeat` times, on one connection.
/// Prints seconds, octets and responses of every run and the median of the seconds.
int run_imap_commands(const imap_repeat_settings& settings, const std::vector<std::string>& commands);

} // namespace stagepost::load
