#include "event_loop.hpp"
#include "imap_client.hpp"
#include "message_maker.hpp"
#include "verbs.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace stagepost::load {
namespace {

struct imap_fill_settings {
  server_target target;
  run_options run;
  // The same run everywhere, so that two servers hold the same mail.
  message_shape shape{.run = "fill", .multipart_every = 3};
  std::string mailbox = "INBOX";
  uint32_t messages = 10'000;
  uint32_t batch = 100;
};

awaitable<void> make_mailbox(imap_client& client, const std::string& mailbox) {
  if (mailbox == "INBOX") co_return;
  try {
    co_await client.run("CREATE \"" + mailbox + "\"");
  } catch (const unexpected_reply&) {
    // It exists; if it is something else, the APPEND will say so.
  }
}

awaitable<void> fill(event_loop& loop, const imap_fill_settings& settings, uint64_t& appended) {
  imap_client client(loop.io(), settings.target);
  co_await client.open();
  co_await client.log_in(settings.target.user);
  co_await make_mailbox(client, settings.mailbox);
  co_await client.run("CAPABILITY");
  const uint32_t batch = client.offers("MULTIAPPEND") ? settings.batch : 1;
  for (uint32_t first = 0; first < settings.messages; first += batch) {
    std::vector<std::string> messages;
    const auto end = std::min(settings.messages, first + batch);
    for (uint32_t i = first; i < end; ++i)
      messages.push_back(make_message(settings.shape, i, settings.target.user));
    co_await client.append(settings.mailbox, messages);
    appended += messages.size();
  }
  co_await client.log_out();
}

int run_imap_fill(const imap_fill_settings& settings) {
  uint64_t appended = 0;
  event_loop loop(settings.run.timeout);
  step(settings.run.steps, "ready");
  const auto began_at = steady::now();
  loop.spawn(fill(loop, settings, appended));
  loop.run_phase();
  const auto seconds = seconds_of(steady::now() - began_at);
  step(settings.run.steps, "done");
  report out;
  out.add("messages", appended);
  out.add("seconds", seconds);
  out.add("messages_per_second", double(appended) / seconds);
  return finish(out, loop.errors(), loop.timed_out(), settings.run);
}

} // namespace

void add_imap_fill(CLI::App& parent, chosen_verb& chosen) {
  auto settings = std::make_shared<imap_fill_settings>();
  auto& verb = *parent.add_subcommand("fill", "append many messages quickly, by MULTIAPPEND where offered");
  add_target_options(verb, settings->target);
  add_run_options(verb, settings->run);
  verb.add_option("--mailbox", settings->mailbox, "made when absent")->capture_default_str();
  verb.add_option("--messages", settings->messages, "messages in all")
      ->capture_default_str()
      ->check(CLI::Range(1u, 10'000'000u));
  verb.add_option("--size", settings->shape.size_bytes, "octets of a message")
      ->capture_default_str()
      ->check(CLI::Range(smallest_message, size_t(256) << 20));
  verb.add_option("--multipart-every", settings->shape.multipart_every, "every n-th message is multipart")
      ->capture_default_str();
  verb.add_option("--rare-every", settings->shape.rare_every, "every n-th message has a rare word")
      ->capture_default_str();
  verb.add_option("--run", settings->shape.run, "the same run appends the same messages")
      ->capture_default_str();
  verb.add_option("--batch", settings->batch, "messages in one MULTIAPPEND")
      ->capture_default_str()
      ->check(CLI::Range(1u, 10'000u));
  verb.callback([settings, &chosen] { chosen = [settings] { return run_imap_fill(*settings); }; });
}

} // namespace stagepost::load
