#include "event_loop.hpp"
#include "imap_client.hpp"
#include "verbs.hpp"

#include <CLI/CLI.hpp>

namespace stagepost::load {
namespace {

struct imap_login_settings {
  server_target target;
  user_naming users;
  run_options run;
  uint32_t connections = 4;
  uint32_t logins = 200;
};

struct login_progress {
  uint32_t next = 0;
  uint64_t sessions = 0;
  latency_samples greetings;
  latency_samples logins;
};

awaitable<void> log_in_repeatedly(event_loop& loop, const imap_login_settings& settings,
                                  login_progress& progress) {
  while (progress.next < settings.logins) {
    const auto user = settings.users.name(progress.next++);
    imap_client client(loop.io(), settings.target);
    const auto began_at = steady::now();
    co_await client.open();
    progress.greetings.add(steady::now() - began_at);
    co_await client.log_in(user);
    progress.logins.add(steady::now() - began_at);
    co_await client.select("INBOX");
    co_await client.log_out();
    ++progress.sessions;
  }
}

int run_imap_login(const imap_login_settings& settings) {
  login_progress progress;
  event_loop loop(settings.run.timeout);
  step(settings.run.steps, "ready");
  const auto began_at = steady::now();
  for (uint32_t i = 0; i < settings.connections; ++i) loop.spawn(log_in_repeatedly(loop, settings, progress));
  loop.run_phase();
  const auto seconds = seconds_of(steady::now() - began_at);
  step(settings.run.steps, "done");
  report out;
  out.add("sessions", progress.sessions);
  out.add("seconds", seconds);
  out.add("sessions_per_second", double(progress.sessions) / seconds);
  out.add("greeting", progress.greetings);
  out.add("login", progress.logins);
  return finish(out, loop.errors(), loop.timed_out(), settings.run);
}

} // namespace

void add_imap_login(CLI::App& parent, chosen_verb& chosen) {
  auto settings = std::make_shared<imap_login_settings>();
  auto& verb = *parent.add_subcommand("login", "connect, log in, SELECT and log out, over and over");
  add_target_options(verb, settings->target);
  add_user_options(verb, settings->users);
  add_run_options(verb, settings->run);
  verb.add_option("--connections", settings->connections, "sessions at once")
      ->capture_default_str()
      ->check(CLI::Range(1u, 10'000u));
  verb.add_option("--logins", settings->logins, "sessions in all")
      ->capture_default_str()
      ->check(CLI::Range(1u, 10'000'000u));
  verb.callback([settings, &chosen] { chosen = [settings] { return run_imap_login(*settings); }; });
}

} // namespace stagepost::load
