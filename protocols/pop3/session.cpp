#include "protocols/pop3/session.hpp"

#include "protocols/pop3/machine.hpp"

#include <algorithm>

namespace stagepost::pop3 {

namespace {

// RFC 2449 4 allows 255 octets; long passwords and initial responses of clients that do not know it fit, too.
constexpr size_t max_command_bytes = 2048;
// RFC 4954 4 names this figure for SASL; POP3 has none of its own.
constexpr size_t max_response_bytes = 12288;

/// A banner is one line whatever the settings say.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return uint8_t(c) < 32 || c == 127; }, ' ');
  return text;
}

} // namespace

void session::machine::run() {
  while (open == question::none && at != stage::closed) {
    bytes_view line;
    switch (lines.next(line, expects_response ? max_response_bytes : max_command_bytes)) {
    case line_reader::outcome::none: return;
    case line_reader::outcome::too_long:
      expects_response = expects_empty_line = false;
      exchange.reset();
      say_bad(answer::line_too_long);
      break;
    case line_reader::outcome::line: perform(line); break;
    }
  }
}

void session::machine::perform(bytes_view line) {
  if (expects_response) return on_response(line);
  command given{};
  switch (parse_command(line, given)) {
  case command_fault::unknown: return say_bad(answer::unknown_command);
  case command_fault::malformed: return say_bad(answer::malformed);
  case command_fault::none: break;
  }
  const auto allowed = phase_of(given.verb);
  if (allowed != phase::any && (allowed == phase::transaction) != (at == stage::transaction))
    return say_bad(answer::wrong_phase);

  switch (given.verb) {
  case verb::capa:
    say(answer::capabilities_follow);
    return write_capabilities(reply_text(), offered(), at == stage::transaction);
  case verb::quit: return quit();
  case verb::stls: return begin_tls();
  // Mail leaves here as it came in either mode: there is no seven-bit form of a message to fall back to
  // (RFC 6856 4 leaves that choice to the server).
  case verb::utf8: return say(answer::utf8_on);
  case verb::user: return take_user(given.first);
  case verb::pass: return take_password(given.first);
  case verb::auth: return begin_exchange(given);
  default: return perform_transaction(given);
  }
}

bytes& session::machine::reply_text() {
  if (out.empty() || !std::holds_alternative<reply>(out.back())) out.emplace_back(reply{});
  return std::get<reply>(out.back()).text;
}

void session::machine::say(bytes_view text) { reply_text().append(text); }

void session::machine::say_bad(answer a) {
  ++bad_commands;
  if (settings.max_bad_commands == 0 || bad_commands < settings.max_bad_commands) return say(a);
  say(answer::too_many_bad_commands);
  end();
}

void session::machine::end() {
  at = stage::closed;
  open = question::none;
  lines.clear();
  exchange.reset();
  messages = {};
  out.emplace_back(close{});
}

actions session::machine::take() { return std::exchange(out, {}); }

bool session::machine::answered(question kind) {
  if (open != kind || at == stage::closed) return false;
  open = question::none;
  return true;
}

session::session(session_settings settings, bool on_tls, sasl::channel_binding channel)
    : machine_(std::make_unique<machine>(std::move(settings), on_tls, std::move(channel))) {}
session::~session() = default;
session::session(session&&) noexcept = default;
session& session::operator=(session&&) noexcept = default;

actions session::start() {
  machine_->say("+OK " + one_line(machine_->settings.banner) + "\r\n");
  return machine_->take();
}

actions session::feed(bytes_view input, instant now) {
  machine_->now = now;
  // What comes between STLS and the handshake is not the client's, or not meant for us (RFC 2595 4).
  if (machine_->at == machine::stage::closed || machine_->open == machine::question::tls) return {};
  machine_->lines.append(input);
  machine_->run();
  return machine_->take();
}

bool session::wants_input() const {
  return machine_->open == machine::question::none && machine_->at != machine::stage::closed;
}

actions session::on_credentials(const sasl::credentials& found) {
  if (!machine_->answered(machine::question::credentials)) return {};
  machine_->drive(machine_->exchange->on_credentials(found));
  machine_->run();
  return machine_->take();
}

actions session::on_login(sasl::login_outcome outcome) {
  if (!machine_->answered(machine::question::login)) return {};
  if (machine_->exchange)
    machine_->drive(machine_->exchange->on_login(outcome));
  else
    machine_->on_login_ended(outcome);
  machine_->run();
  return machine_->take();
}

actions session::on_tls(const sasl::channel_binding& channel) {
  if (!machine_->answered(machine::question::tls)) return {};
  machine_->secure = true;
  machine_->channel = channel;
  return {};
}

actions session::on_maildrop(maildrop listed) {
  if (!machine_->answered(machine::question::maildrop)) return {};
  if (!listed.opened) {
    machine_->say(answer::maildrop_unreadable);
    machine_->end();
    return machine_->take();
  }
  machine_->messages = numbering(std::move(listed));
  machine_->at = machine::stage::transaction;
  machine_->nonce = {};
  machine_->messages.write_stat(machine_->reply_text());
  machine_->run();
  return machine_->take();
}

actions session::on_body(bytes_view piece, bool last, bool failed) {
  if (machine_->open != machine::question::body) return {};
  machine_->send_piece(piece, last, failed);
  machine_->run();
  return machine_->take();
}

bool session::enough() const { return machine_->top_ended; }

actions session::on_deleted(bool all_removed) {
  if (!machine_->answered(machine::question::deletion)) return {};
  machine_->say(all_removed ? answer::goodbye_removed : answer::not_all_removed);
  machine_->end();
  return machine_->take();
}

bool session::wants_nonce() const {
  return machine_->at == machine::stage::authorization && machine_->nonce.empty();
}

void session::give_nonce(bytes_view nonce) { machine_->nonce = nonce; }

actions session::on_timeout() {
  if (machine_->at == machine::stage::closed) return {};
  machine_->end(); // RFC 1939 3: without a reply, and nothing is removed
  return machine_->take();
}

actions session::on_shutdown() {
  if (machine_->at == machine::stage::closed) return {};
  // Inside a message the line would be taken for a part of it.
  if (machine_->open != machine::question::body || !machine_->body.started)
    machine_->say(answer::shutting_down);
  machine_->end();
  return machine_->take();
}

} // namespace stagepost::pop3
