#include "event_loop.hpp"
#include "verbs.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <exception>

namespace stagepost::load {
namespace {

volatile std::sig_atomic_t stop_signal_seen = 0;

} // namespace

bool stop_requested() { return stop_signal_seen != 0; }

void add_run_options(CLI::App& verb, run_options& options) {
  verb.add_option_function<uint32_t>(
          "--timeout", [&options](uint32_t seconds) { options.timeout = std::chrono::seconds(seconds); },
          "seconds after which the run ends in any case (600)")
      ->check(CLI::Range(1u, 86'400u));
  verb.add_flag("--json", options.as_json, "print the figures as one JSON object");
  verb.add_flag("--steps", options.steps, "print a line at each step and wait for one on standard input");
}

int finish(report& figures, const error_tally& errors, bool timed_out, const run_options& options) {
  figures.add(errors);
  figures.add("timed_out", uint64_t(timed_out));
  figures.add("client_cpu_seconds", own_cpu_seconds());
  figures.print(options.as_json);
  if (timed_out) return 3;
  return errors.total() > 0 ? 2 : 0;
}

} // namespace stagepost::load

int main(int argc, char** argv) {
  using namespace stagepost::load;
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGUSR1, [](int) { stop_signal_seen = 1; });
  chosen_verb chosen;
  CLI::App app("Load for a mail server, and figures of how it bears it.");
  app.require_subcommand(1);
  add_smtp(app, chosen);
  auto& imap = *app.add_subcommand("imap", "what a mail program does over IMAP");
  imap.require_subcommand(1);
  add_imap_fill(imap, chosen);
  add_imap_fetch(imap, chosen);
  add_imap_store(imap, chosen);
  add_imap_search(imap, chosen);
  add_imap_append(imap, chosen);
  add_imap_login(imap, chosen);
  add_imap_handshake(imap, chosen);
  add_imap_idle(imap, chosen);
  add_imap_latency(imap, chosen);
  auto& pop3 = *app.add_subcommand("pop3", "what a mail program does over POP3");
  pop3.require_subcommand(1);
  add_pop3_retr(pop3, chosen);
  CLI11_PARSE(app, argc, argv);
  try {
    return chosen();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stagepost-load: %s\n", error.what());
    return 1;
  }
}
