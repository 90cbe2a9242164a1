#include "imap_repeat.hpp"

#include "protocols/base/text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace stagepost::load {
namespace {

uint64_t count_hits(std::string_view text) {
  if (text.starts_with("* SEARCH")) return uint64_t(std::count(text.begin() + 8, text.end(), ' '));
  const auto found = text.find(" COUNT ");
  if (!text.starts_with("* ESEARCH") || found == std::string_view::npos) return 0;
  auto rest = text.substr(found + 7);
  return parse_number<uint64_t>(take_until(rest, ' ')).value_or(0);
}

awaitable<timed_command> time_command(imap_client& client, const std::string& command) {
  timed_command result;
  imap_handler count = [&result](const imap_response& response) {
    ++result.responses;
    result.hits += count_hits(response.text);
  };
  const auto before = client.bytes_received();
  const auto began_at = steady::now();
  co_await client.run(command, count);
  result.seconds = seconds_of(steady::now() - began_at);
  result.received_bytes = client.bytes_received() - before;
  co_return result;
}

awaitable<void> run_all(event_loop& loop, const imap_repeat_settings& settings,
                        const std::vector<std::string>& commands, std::vector<timed_command>& results) {
  imap_client client(loop.io(), settings.target);
  co_await client.open();
  co_await client.log_in(settings.target.user);
  co_await client.select(settings.mailbox);
  for (uint32_t i = 0; i < settings.repeat; ++i) {
    for (const auto& command : commands) {
      const auto result = co_await time_command(client, command);
      results.push_back(result);
    }
  }
  co_await client.log_out();
}

} // namespace

int run_imap_commands(const imap_repeat_settings& settings, const std::vector<std::string>& commands) {
  std::vector<timed_command> results;
  event_loop loop(settings.run.timeout);
  step(settings.run.steps, "ready");
  loop.spawn(run_all(loop, settings, commands, results));
  loop.run_phase();
  step(settings.run.steps, "done");
  std::vector<double> seconds;
  std::vector<uint64_t> received, responses, hits;
  for (const auto& result : results) {
    seconds.push_back(result.seconds);
    received.push_back(result.received_bytes);
    responses.push_back(result.responses);
    hits.push_back(result.hits);
  }
  report out;
  out.add("median_seconds", median(seconds));
  out.add("seconds", seconds);
  out.add("bytes", received);
  out.add("responses", responses);
  out.add("hits", hits);
  return finish(out, loop.errors(), loop.timed_out(), settings.run);
}

void add_imap_repeat_options(CLI::App& verb, imap_repeat_settings& settings) {
  add_target_options(verb, settings.target);
  add_run_options(verb, settings.run);
  verb.add_option("--mailbox", settings.mailbox, "mailbox to select")->capture_default_str();
  verb.add_option("--repeat", settings.repeat, "how often, on the same connection")
      ->capture_default_str()
      ->check(CLI::Range(1u, 100'000u));
}

} // namespace stagepost::load
