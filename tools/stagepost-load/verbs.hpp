#pragma once

#include "report.hpp"
#include "target.hpp"

#include <chrono>
#include <functional>

namespace CLI {
class App;
}

namespace stagepost::load {

/// What every verb has: how its figures are printed, when it gives up, and whether a script steers its steps.
struct run_options {
  std::chrono::seconds timeout{600};
  bool as_json = false;
  /// Prints a line at each step and waits for a line on standard input before it goes on.
  bool steps = false;
};

/// The verb the command line chose: prints its figures and returns the exit code.
using chosen_verb = std::function<int()>;

void add_run_options(CLI::App& verb, run_options& options);

/// Prints what all verbs report last and gives the exit code: 0, 2 when there were errors, 3 when the time
/// ran out.
int finish(report& figures, const error_tally& errors, bool timed_out, const run_options& options);

// Each adds its subcommand with its options to `parent` and sets `chosen` when the command line names it.
void add_smtp(CLI::App& parent, chosen_verb& chosen);
void add_imap_fill(CLI::App& parent, chosen_verb& chosen);
void add_imap_fetch(CLI::App& parent, chosen_verb& chosen);
void add_imap_store(CLI::App& parent, chosen_verb& chosen);
void add_imap_search(CLI::App& parent, chosen_verb& chosen);
void add_imap_append(CLI::App& parent, chosen_verb& chosen);
void add_imap_login(CLI::App& parent, chosen_verb& chosen);
void add_imap_handshake(CLI::App& parent, chosen_verb& chosen);
void add_imap_idle(CLI::App& parent, chosen_verb& chosen);
void add_imap_latency(CLI::App& parent, chosen_verb& chosen);
void add_pop3_retr(CLI::App& parent, chosen_verb& chosen);

} // namespace stagepost::load
