#include "protocols/smtp_client/session.hpp"

#include "protocols/smtp_client/machine.hpp"

namespace stagepost::smtp_client {

std::chrono::seconds least_time(deadline which) {
  using namespace std::chrono_literals;
  switch (which) {
  case deadline::none: return 0s;
  case deadline::greeting: return 5min; // RFC 5321 4.5.3.2.1
  case deadline::hello: return 5min;
  case deadline::handshake: return 5min;
  case deadline::mail: return 5min;        // 4.5.3.2.2
  case deadline::rcpt: return 5min;        // 4.5.3.2.3
  case deadline::data_begins: return 2min; // 4.5.3.2.4
  case deadline::data_block: return 3min;  // 4.5.3.2.5
  case deadline::data_ends: return 10min;  // 4.5.3.2.6
  case deadline::reset: return 5min;
  case deadline::quit: return 5min;
  }
  return 0s;
}

session::session(session_settings settings) : machine_(std::make_unique<machine>(std::move(settings))) {}
session::~session() = default;
session::session(session&&) noexcept = default;
session& session::operator=(session&&) noexcept = default;

actions session::feed(bytes_view input) {
  machine_->take(input);
  return machine_->take_out();
}

actions session::deliver(transaction what) {
  if (is_ready()) machine_->begin(std::move(what));
  return machine_->take_out();
}

actions session::on_body(bytes_view piece, bool last) {
  auto& m = *machine_;
  if (!m.body_wanted) return {};
  m.body_wanted = false;
  m.send_piece(piece, last);
  return m.take_out();
}

actions session::on_body_lost(std::string_view reason) {
  auto& m = *machine_;
  if (!m.in_transaction() || m.body_sent) return {};
  m.lose(own_trouble(stage::content, std::string(reason)));
  return m.take_out();
}

actions session::quit() {
  auto& m = *machine_;
  if (!is_ready()) return {};
  m.now = machine::phase::quitting;
  m.ask("QUIT\r\n", stage::quit);
  return m.take_out();
}

actions session::on_timeout() {
  machine_->lose(outcome_of(connection_failure::timed_out, machine_->current_stage()));
  return machine_->take_out();
}

actions session::on_closed() {
  machine_->lose(outcome_of(connection_failure::closed, machine_->current_stage()));
  return machine_->take_out();
}

actions session::on_shutdown() {
  machine_->lose(outcome_of(connection_failure::stopped, machine_->current_stage()));
  return machine_->take_out();
}

deadline session::deadline() const {
  using smtp_client::deadline;
  const auto& m = *machine_;
  switch (m.now) {
  case machine::phase::ready:
  case machine::phase::closed: return deadline::none;
  case machine::phase::handshake: return deadline::handshake;
  case machine::phase::content: return deadline::data_block;
  case machine::phase::ending: return m.open_chunks > 0 ? deadline::data_block : deadline::data_ends;
  case machine::phase::quitting: return deadline::quit;
  default: break;
  }
  switch (m.current_stage()) {
  case stage::greeting: return deadline::greeting;
  case stage::mail: return deadline::mail;
  case stage::rcpt: return deadline::rcpt;
  case stage::data: return deadline::data_begins;
  case stage::reset: return deadline::reset;
  default: return deadline::hello;
  }
}

bool session::wants_input() const {
  return machine_->now != machine::phase::handshake && machine_->now != machine::phase::closed;
}
bool session::is_ready() const { return machine_->now == machine::phase::ready; }
bool session::is_secure() const { return machine_->secure; }
const peer_extensions& session::peer() const { return machine_->peer; }
const std::string& session::peer_name() const { return machine_->peer_name; }
size_t session::transactions() const { return machine_->transactions; }
size_t session::replies() const { return machine_->replies; }

} // namespace stagepost::smtp_client
