#include "event_loop.hpp"
#include "imap_client.hpp"
#include "message_maker.hpp"
#include "smtp_client.hpp"
#include "verbs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <unistd.h>

#include <memory>

namespace stagepost::load {
namespace {

struct imap_latency_settings {
  server_target target;
  server_target smtp;
  run_options run;
  message_shape shape;
  uint32_t messages = 200;
  uint32_t pause_milliseconds = 20;
};

/// One mail at a time from SMTP to a session in IDLE on the same mailbox.
class latency_run {
public:
  explicit latency_run(const imap_latency_settings& settings)
      : settings_(settings), loop_(settings.run.timeout), watcher_(loop_.io(), settings.target),
        noticed_(loop_.io()) {}

  int run();

private:
  awaitable<void> open_watcher();
  awaitable<void> watch();
  awaitable<void> send();
  awaitable<void> wait_for_notice(uint32_t exists);

  const imap_latency_settings& settings_;
  event_loop loop_;
  imap_client watcher_;
  // Cancelled when the watcher read a new EXISTS.
  boost::asio::steady_timer noticed_;
  uint32_t exists_ = 0;
  bool finished_ = false;
  steady::time_point noticed_at_;
  latency_samples accepted_;
  latency_samples visible_;
};

awaitable<void> latency_run::open_watcher() {
  co_await watcher_.open();
  co_await watcher_.log_in(settings_.target.user);
  const auto state = co_await watcher_.select("INBOX");
  exists_ = state.exists;
  co_await watcher_.begin_idle();
}

awaitable<void> latency_run::watch() {
  while (!finished_) {
    const auto line = co_await watcher_.next_line();
    uint32_t number = 0;
    if (!numbered_response(line, "EXISTS", number) || number <= exists_) continue;
    noticed_at_ = steady::now();
    exists_ = number;
    noticed_.cancel();
  }
}

awaitable<void> latency_run::wait_for_notice(uint32_t exists) {
  while (exists_ < exists) {
    noticed_.expires_after(std::chrono::hours(1));
    boost::system::error_code cancelled;
    co_await noticed_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
  }
}

awaitable<void> latency_run::send() {
  smtp_client client(loop_.io(), settings_.smtp, {});
  co_await client.open();
  const std::vector<std::string> recipients{settings_.target.user};
  for (uint32_t i = 0; i < settings_.messages; ++i) {
    const auto text = make_message(settings_.shape, i, settings_.target.user);
    const auto before = exists_;
    const auto done = co_await client.send(recipients, text);
    const auto answered_at = steady::now();
    if (!done.error.empty()) throw unexpected_reply(done.error);
    co_await wait_for_notice(before + 1);
    accepted_.add(answered_at - done.data_ended_at);
    visible_.add(noticed_at_ - done.data_ended_at);
    co_await loop_.sleep(std::chrono::milliseconds(settings_.pause_milliseconds));
  }
  finished_ = true;
  co_await client.quit();
  watcher_.close();
}

int latency_run::run() {
  loop_.spawn(open_watcher());
  const bool opened = loop_.run_phase() && loop_.errors().total() == 0;
  if (opened) {
    step(settings_.run.steps, "ready");
    loop_.spawn([](latency_run& self) -> awaitable<void> {
      try {
        co_await self.watch();
      } catch (const boost::system::system_error&) {
        // Closing the connection is how the sender ends this loop.
        if (!self.finished_) throw;
      }
    }(*this));
    loop_.spawn(send());
    loop_.run_phase();
    step(settings_.run.steps, "done");
  }
  report out;
  out.add("messages", uint64_t(visible_.count()));
  out.add("data_to_reply", accepted_);
  out.add("data_to_exists", visible_);
  return finish(out, loop_.errors(), loop_.timed_out(), settings_.run);
}

} // namespace

void add_imap_latency(CLI::App& parent, chosen_verb& chosen) {
  auto settings = std::make_shared<imap_latency_settings>();
  settings->shape.run = fmt::format("latency-{:x}-{:x}", std::time(nullptr), getpid());
  auto& verb =
      *parent.add_subcommand("latency", "time from the end of DATA to EXISTS in a session that idles");
  add_target_options(verb, settings->target);
  add_run_options(verb, settings->run);
  verb.add_option("--smtp-host", settings->smtp.host, "where the mail is sent")->capture_default_str();
  verb.add_option("--smtp-port", settings->smtp.port, "its port")->required();
  verb.add_option("--messages", settings->messages, "mails, one after the other")
      ->capture_default_str()
      ->check(CLI::Range(1u, 1'000'000u));
  verb.add_option("--pause", settings->pause_milliseconds, "milliseconds between two mails")
      ->capture_default_str();
  verb.add_option("--size", settings->shape.size_bytes, "octets of a message")
      ->capture_default_str()
      ->check(CLI::Range(smallest_message, size_t(256) << 20));
  verb.callback([settings, &chosen] { chosen = [settings] { return latency_run(*settings).run(); }; });
}

} // namespace stagepost::load
