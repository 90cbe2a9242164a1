#include "event_loop.hpp"
#include "pop3_client.hpp"
#include "verbs.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace stagepost::load {
namespace {

struct pop3_retr_settings {
  server_target target;
  run_options run;
  uint32_t window = 1;
  uint32_t messages = 0;
  uint32_t repeat = 1;
};

struct pop3_totals {
  std::vector<double> seconds;
  uint64_t messages = 0;
  uint64_t size_bytes = 0;
};

// Keeps `window` requests under way, topped up by half a window at a time, as clients that pipeline do.
awaitable<void> retrieve(pop3_client& client, uint32_t count, uint32_t window, pop3_totals& totals) {
  uint32_t asked = 0;
  for (uint32_t read = 0; read < count; ++read) {
    if (asked < count && asked - read <= window / 2) {
      const auto last = std::min(count, read + window);
      co_await client.request(asked + 1, last);
      asked = last;
    }
    const auto text = co_await client.read_message();
    totals.size_bytes += text.size();
    ++totals.messages;
  }
}

awaitable<void> run_sessions(event_loop& loop, const pop3_retr_settings& settings, pop3_totals& totals) {
  for (uint32_t i = 0; i < settings.repeat; ++i) {
    pop3_client client(loop.io(), settings.target);
    co_await client.open();
    co_await client.log_in(settings.target.user);
    auto count = co_await client.count();
    if (settings.messages > 0) count = std::min(count, settings.messages);
    const auto began_at = steady::now();
    co_await retrieve(client, count, settings.window, totals);
    totals.seconds.push_back(seconds_of(steady::now() - began_at));
    co_await client.quit();
  }
}

int run_pop3_retr(const pop3_retr_settings& settings) {
  pop3_totals totals;
  event_loop loop(settings.run.timeout);
  step(settings.run.steps, "ready");
  loop.spawn(run_sessions(loop, settings, totals));
  loop.run_phase();
  step(settings.run.steps, "done");
  report out;
  const auto middle = median(totals.seconds);
  const auto runs = double(std::max<size_t>(1, totals.seconds.size()));
  out.add("messages", totals.messages);
  out.add("bytes", totals.size_bytes);
  out.add("seconds", totals.seconds);
  out.add("messages_per_second", middle > 0 ? double(totals.messages) / runs / middle : 0.0);
  return finish(out, loop.errors(), loop.timed_out(), settings.run);
}

} // namespace

void add_pop3_retr(CLI::App& parent, chosen_verb& chosen) {
  auto settings = std::make_shared<pop3_retr_settings>();
  auto& verb = *parent.add_subcommand("retr", "read a whole maildrop");
  add_target_options(verb, settings->target);
  add_run_options(verb, settings->run);
  verb.add_option("--window", settings->window, "requests under way at once")
      ->capture_default_str()
      ->check(CLI::Range(1u, 10'000u));
  verb.add_option("--messages", settings->messages, "how many of the maildrop; 0 is all");
  verb.add_option("--repeat", settings->repeat, "sessions, one after the other")
      ->capture_default_str()
      ->check(CLI::Range(1u, 10'000u));
  verb.callback([settings, &chosen] { chosen = [settings] { return run_pop3_retr(*settings); }; });
}

} // namespace stagepost::load
