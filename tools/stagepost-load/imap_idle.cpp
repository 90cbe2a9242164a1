#include "event_loop.hpp"
#include "imap_client.hpp"
#include "verbs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace stagepost::load {
namespace {

struct imap_idle_settings {
  server_target target;
  user_naming users;
  run_options run;
  uint32_t connections = 1000;
  uint32_t hold_seconds = 10;
  bool prepare = false;
};

/// Sessions that are logged in, SELECTed and in IDLE. No two have the same mailbox: the first round over the
/// users takes each one's INBOX, every further round a folder of its own.
class idle_run {
public:
  explicit idle_run(const imap_idle_settings& settings) : settings_(settings), loop_(settings.run.timeout) {}

  int run();

private:
  std::string mailbox_of(uint32_t number) const {
    const auto round = number / settings_.users.count;
    return round == 0 ? "INBOX" : fmt::format("Idle-{:04}", round);
  }
  awaitable<void> make_mailboxes(uint32_t first_user);
  awaitable<void> open_some(uint32_t first);
  awaitable<void> end_one(imap_client& client);
  awaitable<void> hold() { co_await loop_.sleep(std::chrono::seconds(settings_.hold_seconds)); }

  // How many logins are under way at once.
  static constexpr uint32_t at_once = 8;

  const imap_idle_settings& settings_;
  event_loop loop_;
  std::vector<std::unique_ptr<imap_client>> sessions_;
  latency_samples set_up_;
  uint64_t alive_at_end_ = 0;
};

awaitable<void> idle_run::make_mailboxes(uint32_t first_user) {
  const auto users = std::min(settings_.users.count, settings_.connections);
  for (uint32_t user = first_user; user < users; user += at_once) {
    imap_client client(loop_.io(), settings_.target);
    co_await client.open();
    co_await client.log_in(settings_.users.name(user));
    for (uint32_t number = user + settings_.users.count; number < settings_.connections;
         number += settings_.users.count) {
      try {
        co_await client.run(fmt::format("CREATE \"{}\"", mailbox_of(number)));
      } catch (const unexpected_reply&) {
        // It exists from an earlier run; SELECT will say if it does not.
      }
    }
    co_await client.log_out();
  }
}

awaitable<void> idle_run::open_some(uint32_t first) {
  for (uint32_t number = first; number < settings_.connections; number += at_once) {
    const auto began_at = steady::now();
    auto client = std::make_unique<imap_client>(loop_.io(), settings_.target);
    co_await client->open();
    co_await client->log_in(settings_.users.name(number));
    co_await client->select(mailbox_of(number));
    co_await client->begin_idle();
    set_up_.add(steady::now() - began_at);
    sessions_.push_back(std::move(client));
  }
}

awaitable<void> idle_run::end_one(imap_client& client) {
  co_await client.end_idle();
  ++alive_at_end_;
  client.close();
}

int idle_run::run() {
  if (settings_.prepare) {
    for (uint32_t i = 0; i < at_once; ++i) loop_.spawn(make_mailboxes(i));
    loop_.run_phase();
    report out;
    return finish(out, loop_.errors(), loop_.timed_out(), settings_.run);
  }
  step(settings_.run.steps, "ready");
  const auto began_at = steady::now();
  for (uint32_t i = 0; i < at_once; ++i) loop_.spawn(open_some(i));
  loop_.run_phase();
  const auto seconds = seconds_of(steady::now() - began_at);
  if (settings_.run.steps) {
    step(true, "idle");
  } else {
    fmt::print(stderr, "idle: {} connections\n", sessions_.size());
    loop_.spawn(hold());
    loop_.run_phase();
  }
  for (const auto& session : sessions_) loop_.spawn(end_one(*session));
  loop_.run_phase();
  report out;
  out.add("connections", uint64_t(sessions_.size()));
  out.add("alive_at_end", alive_at_end_);
  out.add("set_up_seconds", seconds);
  out.add("set_ups_per_second", double(sessions_.size()) / seconds);
  out.add("set_up", set_up_);
  return finish(out, loop_.errors(), loop_.timed_out(), settings_.run);
}

} // namespace

void add_imap_idle(CLI::App& parent, chosen_verb& chosen) {
  auto settings = std::make_shared<imap_idle_settings>();
  auto& verb = *parent.add_subcommand("idle", "hold many sessions in IDLE, a mailbox each");
  add_target_options(verb, settings->target);
  add_user_options(verb, settings->users);
  add_run_options(verb, settings->run);
  verb.add_option("--connections", settings->connections, "sessions")
      ->capture_default_str()
      ->check(CLI::Range(1u, 60'000u));
  verb.add_option("--hold", settings->hold_seconds, "seconds to stay idle, unless --steps")
      ->capture_default_str();
  verb.add_flag("--prepare", settings->prepare, "only make the mailboxes, so that idling makes none");
  verb.callback([settings, &chosen] { chosen = [settings] { return idle_run(*settings).run(); }; });
}

} // namespace stagepost::load
