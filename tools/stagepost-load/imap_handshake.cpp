#include "event_loop.hpp"
#include "imap_client.hpp"
#include "verbs.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

namespace stagepost::load {
namespace {

struct imap_handshake_settings {
  server_target target;
  run_options run;
  uint32_t connections = 4;
  uint32_t handshakes = 2000;
  uint32_t threads = 1;
};

/// What one thread does and finds.
struct handshake_share {
  explicit handshake_share(std::chrono::seconds timeout) : loop(timeout) {}

  event_loop loop;
  uint32_t left = 0;
  uint64_t done = 0;
  latency_samples greetings;
};

awaitable<void> shake_repeatedly(const server_target& target, handshake_share& share) {
  while (share.left > 0) {
    --share.left;
    imap_client client(share.loop.io(), target);
    const auto began_at = steady::now();
    co_await client.open();
    share.greetings.add(steady::now() - began_at);
    client.close();
    ++share.done;
  }
}

uint32_t part_of(uint32_t whole, uint32_t index, uint32_t parts) {
  return whole / parts + uint32_t(index < whole % parts);
}

std::vector<std::unique_ptr<handshake_share>> share_out(const imap_handshake_settings& settings) {
  std::vector<std::unique_ptr<handshake_share>> shares;
  for (uint32_t i = 0; i < settings.threads; ++i) {
    auto& share = *shares.emplace_back(std::make_unique<handshake_share>(settings.run.timeout));
    share.left = part_of(settings.handshakes, i, settings.threads);
    for (uint32_t j = part_of(settings.connections, i, settings.threads); j > 0; --j)
      share.loop.spawn(shake_repeatedly(settings.target, share));
  }
  return shares;
}

int run_imap_handshake(imap_handshake_settings settings) {
  // A thread without a connection would leave its handshakes undone.
  settings.threads = std::min(settings.threads, settings.connections);
  step(settings.run.steps, "ready");
  const auto shares = share_out(settings);
  const auto began_at = steady::now();
  {
    std::vector<std::jthread> threads;
    for (const auto& share : shares) threads.emplace_back([&loop = share->loop] { loop.run_phase(); });
  }
  const auto seconds = seconds_of(steady::now() - began_at);
  step(settings.run.steps, "done");
  uint64_t done = 0;
  latency_samples greetings;
  error_tally errors;
  bool timed_out = false;
  for (const auto& share : shares) {
    done += share->done;
    greetings.add(share->greetings);
    errors.add(share->loop.errors());
    timed_out |= share->loop.timed_out();
  }
  report out;
  out.add("handshakes", done);
  out.add("seconds", seconds);
  out.add("handshakes_per_second", double(done) / seconds);
  out.add("greeting", greetings);
  return finish(out, errors, timed_out, settings.run);
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
  verb.add_option("--threads", settings->threads,
                  "threads of this program, each with its share of the connections")
      ->capture_default_str()
      ->check(CLI::Range(1u, 64u));
  verb.callback([settings, &chosen] { chosen = [settings] { return run_imap_handshake(*settings); }; });
}

} // namespace stagepost::load
