#include "event_loop.hpp"
#include "imap_client.hpp"
#include "verbs.hpp"

#include <CLI/CLI.hpp>

namespace stagepost::load {
namespace {

struct imap_handshake_settings {
  server_target target;
  run_options run;
  uint32_t connections = 4;
  uint32_t handshakes = 2000;
};

struct handshake_progress {
  uint32_t next = 0;
  uint64_t done = 0;
  latency_samples greetings;
};

awaitable<void> shake_repeatedly(event_loop& loop, const imap_handshake_settings& settings,
                                 handshake_progress& progress) {
  while (progress.next < settings.handshakes) {
    ++progress.next;
    imap_client client(loop.io(), settings.target);
    const auto began_at = steady::now();
    co_await client.open();
    progress.greetings.add(steady::now() - began_at);
    client.close();
    ++progress.done;
  }
}

int run_imap_handshake(const imap_handshake_settings& settings) {
  handshake_progress progress;
  event_loop loop(settings.run.timeout);
  step(settings.run.steps, "ready");
  const auto began_at = steady::now();
  for (uint32_t i = 0; i < settings.connections; ++i) loop.spawn(shake_repeatedly(loop, settings, progress));
  loop.run_phase();
  const auto seconds = seconds_of(steady::now() - began_at);
  step(settings.run.steps, "done");
  report out;
  out.add("handshakes", progress.done);
  out.add("seconds", seconds);
  out.add("handshakes_per_second", double(progress.done) / seconds);
  out.add("greeting", progress.greetings);
  return finish(out, loop.errors(), loop.timed_out(), settings.run);
}

} // namespace

void add_imap_handshake(CLI::App& parent, chosen_verb& chosen) {
  auto settings = std::make_shared<imap_handshake_settings>();
  settings->target.tls = tls_mode::implicit;
  auto& verb =
      *parent.add_subcommand("handshake", "connect over TLS, read the greeting, and go, over and over");
  add_target_options(verb, settings->target);
  add_run_options(verb, settings->run);
  verb.add_option("--connections", settings->connections, "connections at once")
      ->capture_default_str()
      ->check(CLI::Range(1u, 10'000u));
  verb.add_option("--handshakes", settings->handshakes, "connections in all")
      ->capture_default_str()
      ->check(CLI::Range(1u, 10'000'000u));
  verb.callback([settings, &chosen] { chosen = [settings] { return run_imap_handshake(*settings); }; });
}

} // namespace stagepost::load
