#include "event_loop.hpp"
#include "imap_client.hpp"
#include "message_maker.hpp"
#include "verbs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <unistd.h>

#include <memory>
#include <vector>

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

/// A connection that is logged in, and its mailbox's owner.
struct appender {
  std::unique_ptr<imap_client> client;
  std::string user;
};

awaitable<void> open_one(event_loop& loop, const imap_append_settings& settings, uint32_t number,
                         std::vector<appender>& ready) {
  appender one;
  one.user = settings.target.user.empty() ? settings.users.name(number) : settings.target.user;
  one.client = std::make_unique<imap_client>(loop.io(), settings.target);
  co_await one.client->open();
  co_await one.client->log_in(one.user);
  co_await one.client->run("CAPABILITY");
  ready.push_back(std::move(one));
}

awaitable<void> append_some(const imap_append_settings& settings, appender& one, append_progress& progress) {
  std::vector<std::string> message(1);
  while (progress.next < settings.messages && !stop_requested()) {
    message[0] = make_message(settings.shape, progress.next++, one.user);
    const auto began_at = steady::now();
    co_await one.client->append(settings.mailbox, message);
    progress.commands.add(steady::now() - began_at);
    ++progress.appended;
  }
}

awaitable<void> leave(appender& one) { co_await one.client->log_out(); }

int run_imap_append(const imap_append_settings& settings) {
  append_progress progress;
  std::vector<appender> ready;
  event_loop loop(settings.run.timeout);
  for (uint32_t i = 0; i < settings.connections; ++i) loop.spawn(open_one(loop, settings, i, ready));
  loop.run_phase();
  step(settings.run.steps, "ready");
  const auto began_at = steady::now();
  for (auto& one : ready) loop.spawn(append_some(settings, one, progress));
  loop.run_phase();
  const auto seconds = seconds_of(steady::now() - began_at);
  step(settings.run.steps, "done");
  for (auto& one : ready) loop.spawn(leave(one));
  loop.run_phase();
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
