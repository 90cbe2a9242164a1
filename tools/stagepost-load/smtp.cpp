#include "delivery_watch.hpp"
#include "smtp_client.hpp"
#include "verbs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <unistd.h>

#include <map>

namespace stagepost::load {
namespace {

struct smtp_settings {
  server_target target;
  user_naming users;
  smtp_dialect dialect;
  message_shape shape;
  watch_settings watch;
  run_options run;
  uint32_t connections = 1;
  uint32_t messages = 100;
  uint32_t recipients = 1;
  uint32_t per_connection = 0;
  bool check = true;
};

/// One run: all connections draw from one counter of messages.
class smtp_run {
public:
  explicit smtp_run(const smtp_settings& settings)
      : settings_(settings), loop_(settings.run.timeout), ledger_(settings.shape, settings.users.count),
        watch_(loop_, settings.watch) {}

  int run();

private:
  bool more() const { return next_ < settings_.messages && !stop_requested(); }
  std::vector<std::string> recipients_of(uint32_t message) const;
  uint32_t mailbox_of(uint32_t message, uint32_t recipient) const;
  void build_messages();
  awaitable<void> work();
  awaitable<void> send_some(smtp_client& client, std::string& scratch);
  void note(uint32_t message, const transaction& done);
  int print(bool complete);

  const smtp_settings& settings_;
  event_loop loop_;
  delivery_ledger ledger_;
  delivery_watch watch_;
  std::vector<std::string> built_;
  uint32_t next_ = 0;
  uint64_t accepted_ = 0;
  latency_samples set_up_;
  latency_samples transactions_;
  steady::time_point begun_at_;
  steady::time_point accepted_at_;
};

uint32_t smtp_run::mailbox_of(uint32_t message, uint32_t recipient) const {
  return uint32_t((uint64_t(message) * settings_.recipients + recipient) % settings_.users.count);
}

std::vector<std::string> smtp_run::recipients_of(uint32_t message) const {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < settings_.recipients; ++i)
    names.push_back(settings_.users.name(mailbox_of(message, i)));
  return names;
}

void smtp_run::build_messages() {
  // Beyond a quarter of the memory, messages are made while the run goes on: some 10 microseconds for 4 KiB.
  const auto memory_limit = uint64_t(sysconf(_SC_PHYS_PAGES)) * uint64_t(sysconf(_SC_PAGESIZE)) / 4;
  if (uint64_t(settings_.messages) * settings_.shape.size_bytes > memory_limit) return;
  for (uint32_t i = 0; i < settings_.messages; ++i)
    built_.push_back(make_message(settings_.shape, i, settings_.users.name(mailbox_of(i, 0))));
}

void smtp_run::note(uint32_t message, const transaction& done) {
  for (uint32_t i = 0; i < settings_.recipients; ++i)
    if (done.taken[i]) ledger_.accepted(mailbox_of(message, i), message);
  if (done.error.empty()) {
    ++accepted_;
    accepted_at_ = std::max(accepted_at_, steady::now());
  } else {
    loop_.errors().add(done.error);
  }
}

awaitable<void> smtp_run::send_some(smtp_client& client, std::string& scratch) {
  const uint32_t limit = settings_.per_connection ? settings_.per_connection : settings_.messages;
  for (uint32_t sent = 0; sent < limit && more(); ++sent) {
    const uint32_t message = next_++;
    const auto recipients = recipients_of(message);
    std::string_view text;
    if (built_.empty())
      text = scratch = make_message(settings_.shape, message, recipients.front());
    else
      text = built_[message];
    const auto began_at = steady::now();
    const auto done = co_await client.send(recipients, text);
    transactions_.add(steady::now() - began_at);
    note(message, done);
  }
}

awaitable<void> smtp_run::work() {
  std::string scratch;
  while (more()) {
    smtp_client client(loop_.io(), settings_.target, settings_.dialect);
    const auto began_at = steady::now();
    co_await client.open();
    set_up_.add(steady::now() - began_at);
    co_await send_some(client, scratch);
    co_await client.quit();
  }
}

int smtp_run::run() {
  build_messages();
  if (watch_.active() && !watch_.open()) return print(false);
  step(settings_.run.steps, "ready");
  begun_at_ = accepted_at_ = steady::now();
  for (uint32_t i = 0; i < settings_.connections; ++i) loop_.spawn(work());
  bool complete = loop_.run_phase();
  if (complete && watch_.active()) complete = watch_.wait(ledger_);
  step(settings_.run.steps, complete ? "delivered" : "incomplete");
  if (complete && watch_.active() && settings_.check)
    complete = watch_.read_all(
        ledger_, [this](uint32_t message) { return settings_.users.name(mailbox_of(message, 0)); });
  return print(complete);
}

int smtp_run::print(bool complete) {
  report out;
  const auto seconds = std::max(1e-6, seconds_of(accepted_at_ - begun_at_));
  out.add("messages", uint64_t(next_));
  out.add("accepted", accepted_);
  out.add("deliveries", ledger_.expected());
  out.add("accept_seconds", seconds);
  out.add("accepted_per_second", double(accepted_) / seconds);
  if (complete && watch_.active()) {
    const auto delivered = std::max(1e-6, seconds_of(watch_.complete_at() - begun_at_));
    out.add("deliver_seconds", delivered);
    out.add("delivered_per_second", double(ledger_.expected()) / delivered);
    if (settings_.check) ledger_.add_to(out);
    if (settings_.check && !ledger_.intact()) loop_.errors().add("messages were lost, doubled or damaged");
  }
  out.add("transaction", transactions_);
  out.add("set_up", set_up_);
  return finish(out, loop_.errors(), loop_.timed_out(), settings_.run);
}

void add_verify_options(CLI::App& verb, smtp_settings& settings) {
  static const std::map<std::string, reader_kind> kinds{{"imap", reader_kind::imap},
                                                        {"pop3", reader_kind::pop3}};
  auto& watch = settings.watch;
  verb.add_option("--verify", watch.kind,
                  "imap or pop3: wait until every message is visible, then check each")
      ->transform(CLI::CheckedTransformer(kinds, CLI::ignore_case));
  verb.add_option("--verify-host", watch.target.host, "address of the server to read from")
      ->capture_default_str();
  verb.add_option("--verify-port", watch.target.port, "its port");
  add_tls_option(verb, "--verify-tls", watch.target.tls);
  verb.add_option("--verify-password", watch.target.password, "password of every mailbox");
  verb.add_option_function<uint32_t>(
      "--verify-interval", [&watch](uint32_t ms) { watch.poll_interval = std::chrono::milliseconds(ms); },
      "milliseconds between two looks into a mailbox (200)");
  verb.add_flag("!--no-check", settings.check, "only wait until all is visible, do not read it");
}

} // namespace

void add_smtp(CLI::App& parent, chosen_verb& chosen) {
  auto settings = std::make_shared<smtp_settings>();
  settings->shape.run = fmt::format("{:x}-{:x}", std::time(nullptr), getpid());
  auto& verb = *parent.add_subcommand("smtp", "send mail over SMTP or LMTP, and see that it arrives");
  add_target_options(verb, settings->target);
  add_user_options(verb, settings->users);
  add_run_options(verb, settings->run);
  verb.add_option("--connections", settings->connections, "connections at once")
      ->capture_default_str()
      ->check(CLI::Range(1u, 20'000u));
  verb.add_option("--messages", settings->messages, "messages in all")
      ->capture_default_str()
      ->check(CLI::Range(1u, 10'000'000u));
  verb.add_option("--size", settings->shape.size_bytes, "octets of a message, header included")
      ->capture_default_str()
      ->check(CLI::Range(smallest_message, size_t(256) << 20));
  verb.add_option("--recipients", settings->recipients, "recipients of each message")->capture_default_str();
  verb.add_option("--per-connection", settings->per_connection,
                  "messages before a connection quits; 0 is no limit");
  verb.add_option("--multipart-every", settings->shape.multipart_every, "every n-th message is multipart");
  verb.add_option("--sender", settings->dialect.sender, "address in MAIL FROM")->capture_default_str();
  verb.add_option("--run", settings->shape.run,
                  "name of the run in each Message-ID; the same run sends the same text");
  verb.add_flag("--pipelining", settings->dialect.pipelining, "MAIL, RCPT and DATA in one write");
  verb.add_flag("--lmtp", settings->dialect.lmtp, "speak LMTP");
  add_verify_options(verb, *settings);
  verb.callback([settings, &chosen] {
    if (settings->recipients < 1 || settings->recipients > settings->users.count)
      throw CLI::ValidationError("--recipients", "must be from 1 to the number of users");
    settings->watch.users = settings->users;
    chosen = [settings] { return smtp_run(*settings).run(); };
  });
}

} // namespace stagepost::load
