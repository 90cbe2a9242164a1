#include "event_loop.hpp"
#include "imap_client.hpp"
#include "light_tls.hpp"
#include "verbs.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace stagepost::load {
namespace {

using boost::asio::use_awaitable;

/// Whose half of the handshake the client does: light_tls, or OpenSSL's as in all other verbs.
enum class handshake_client : uint8_t { light, openssl };

struct imap_handshake_settings {
  server_target target;
  run_options run;
  handshake_client client = handshake_client::light;
  light_group group = light_group::x25519;
  std::string server_name;
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
  // Of session ids and the like, which need differ only: nothing here is secret.
  std::mt19937_64 random{std::random_device()()};
};

awaitable<void> greet_by_openssl(const imap_handshake_settings& settings, handshake_share& share) {
  imap_client client(share.loop.io(), settings.target);
  co_await client.open();
  client.close();
}

awaitable<void> greet_lightly(const server_target& target, handshake_share& share, light_tls& tls) {
  boost::asio::ip::tcp::socket socket(share.loop.io());
  const auto endpoint = endpoint_of(share.loop.io(), target);
  co_await socket.async_connect(endpoint, use_awaitable);
  socket.set_option(boost::asio::ip::tcp::no_delay(true));
  co_await boost::asio::async_write(socket, boost::asio::buffer(tls.begin(share.random)), use_awaitable);
  std::array<char, 8192> room;
  while (tls.text().find('\n') == bytes::npos) {
    const auto size = co_await socket.async_read_some(boost::asio::buffer(room), use_awaitable);
    const auto answer = tls.feed({room.data(), size});
    if (!answer.empty())
      co_await boost::asio::async_write(socket, boost::asio::buffer(answer), use_awaitable);
  }
  if (!tls.text().starts_with("* OK")) throw unexpected_reply(tls.text());
}

awaitable<void> shake_repeatedly(const imap_handshake_settings& settings, handshake_share& share) {
  light_tls tls(settings.group, settings.server_name);
  while (share.left > 0) {
    --share.left;
    const auto began_at = steady::now();
    if (settings.client == handshake_client::light)
      co_await greet_lightly(settings.target, share, tls);
    else
      co_await greet_by_openssl(settings, share);
    share.greetings.add(steady::now() - began_at);
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
      share.loop.spawn(shake_repeatedly(settings, share));
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
  out.add("client", settings.client == handshake_client::light ? "light" : "openssl");
  out.add("handshakes", done);
  out.add("seconds", seconds);
  out.add("handshakes_per_second", double(done) / seconds);
  out.add("greeting", greetings);
  return finish(out, errors, timed_out, settings.run);
}

void add_client_options(CLI::App& verb, imap_handshake_settings& settings) {
  static const std::map<std::string, handshake_client> clients{{"light", handshake_client::light},
                                                               {"openssl", handshake_client::openssl}};
  static const std::map<std::string, light_group> groups{{"x25519", light_group::x25519},
                                                         {"p256", light_group::p256}};
  verb.add_option("--client", settings.client,
                  "light (as shipped): TLS 1.3 that costs the client next to nothing and verifies nothing; "
                  "openssl: all that a client does")
      ->transform(CLI::CheckedTransformer(clients, CLI::ignore_case));
  verb.add_option("--group", settings.group, "key share of the light client: x25519 (as shipped) or p256")
      ->transform(CLI::CheckedTransformer(groups, CLI::ignore_case));
  verb.add_option("--server-name", settings.server_name, "host name the light client asks for (none)");
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
  add_client_options(verb, *settings);
  verb.callback([settings, &chosen] {
    if (settings->client == handshake_client::light && settings->target.tls != tls_mode::implicit)
      throw CLI::ValidationError("--tls", "the light client does nothing but implicit TLS");
    chosen = [settings] { return run_imap_handshake(*settings); };
  });
}

} // namespace stagepost::load
