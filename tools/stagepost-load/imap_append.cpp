#include "event_loop.hpp"
#include "imap_client.hpp"
#include "message_maker.hpp"
#include "verbs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <unistd.h>

namespace stagepost::load {
namespace {

struct imap_append_settings {
  server_target target;
  user_naming users;
  run_options run;
  message_shape shape;
  std::string mailbox = "INBOX";
  uint32_t connections = 1;
  uint32_t messages = 2000;
};

struct append_progress {
  uint32_t next = 0;
  uint64_t appended = 0;
  latency_samples commands;
};

awaitable<void> append_some(event_loop& loop, const imap_append_settings& settings, uint32_t number,
                            append_progress& progress) {
  const auto user = settings.target.user.empty() ? settings.users.name(number) : settings.target.user;
  imap_client client(loop.io(), settings.target);
  co_await client.open();
  co_await client.log_in(user);
  co_await client.run("CAPABILITY");
  std::vector<std::string> message(1);
  while (progress.next < settings.messages && !stop_requested()) {
    message[0] = make_message(settings.shape, progress.next++, user);
    const auto began_at = steady::now();
    co_await client.append(settings.mailbox, message);
    progress.commands.add(steady::now() - began_at);
    ++progress.appended;
  }
  co_await client.log_out();
}

int run_imap_append(const imap_append_settings& settings) {
  append_progress progress;
  event_loop loop(settings.run.timeout);
  step(settings.run.steps, "ready");
  const auto began_at = steady::now();
  for (uint32_t i = 0; i < settings.connections; ++i) loop.spawn(append_some(loop, settings, i, progress));
  loop.run_phase();
  const auto seconds = seconds_of(steady::now() - began_at);
  step(settings.run.steps, "done");
  report out;
  out.add("messages", progress.appended);
  out.add("seconds", seconds);
  out.add("messages_per_second", double(progress.appended) / seconds);
  out.add("append", progress.commands);
  return finish(out, loop.errors(), loop.timed_out(), settings.run);
}

} // namespace

void add_imap_append(CLI::App& parent, chosen_verb& chosen) {
  auto settings = std::make_shared<imap_append_settings>();
  settings->shape.run = fmt::format("append-{:x}-{:x}", std::time(nullptr), getpid());
  auto& verb = *parent.add_subcommand("append", "APPEND one message after the other on each connection");
  add_target_options(verb, settings->target);
  add_user_options(verb, settings->users);
  add_run_options(verb, settings->run);
  verb.add_option("--mailbox", settings->mailbox, "must exist")->capture_default_str();
  verb.add_option("--connections", settings->connections,
                  "connections; each has a user of its own unless --user is given")
      ->capture_default_str()
      ->check(CLI::Range(1u, 20'000u));
  verb.add_option("--messages", settings->messages, "messages in all")
      ->capture_default_str()
      ->check(CLI::Range(1u, 10'000'000u));
  verb.add_option("--size", settings->shape.size_bytes, "octets of a message")
      ->capture_default_str()
      ->check(CLI::Range(smallest_message, size_t(256) << 20));
  verb.callback([settings, &chosen] { chosen = [settings] { return run_imap_append(*settings); }; });
}

} // namespace stagepost::load
