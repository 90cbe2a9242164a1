#include "protocols/smtp/session.hpp"

#include "protocols/smtp/greeting.hpp"
#include "protocols/smtp/machine.hpp"

namespace stagepost::smtp {

session::session(session_settings settings, peer who, tls_facts tls)
    : machine_(std::make_unique<machine>(std::move(settings), std::move(who), std::move(tls))) {}

session::~session() = default;
session::session(session&&) noexcept = default;
session& session::operator=(session&&) noexcept = default;

actions session::start() {
  machine_->say(greeting(machine_->settings));
  return machine_->take_out();
}

actions session::on_early_talk() {
  machine_->hang_up(reply_kind::spoke_too_early);
  return machine_->take_out();
}

actions session::feed(bytes_view input, instant now) {
  machine_->now = now;
  machine_->take(input);
  return machine_->take_out();
}

bool session::wants_input() const {
  const auto reading = machine_->now_reading;
  return machine_->open_question == machine::question::none && reading != machine::phase::handshake &&
         reading != machine::phase::closed;
}

void session::limit_to(uint64_t max_message_size_bytes, size_t max_recipients) {
  machine_->account_size_limit_bytes = max_message_size_bytes;
  machine_->account_recipient_limit = max_recipients;
}

void session::know_domains(std::vector<std::string> names) { machine_->account_domains = std::move(names); }
void session::use_time_zone(mime::time_zone zone) { machine_->zone = std::move(zone); }

void session::hide_client() { machine_->settings.received_hides_client = true; }

bool session::wants_nonce() const { return machine_->nonce.empty(); }
void session::give_nonce(bytes_view nonce) { machine_->nonce = nonce; }

actions session::on_timeout() {
  machine_->hang_up(reply_kind::idle_too_long);
  return machine_->take_out();
}

actions session::on_shutdown() {
  machine_->hang_up(reply_kind::shutting_down);
  return machine_->take_out();
}

const std::string& session::helo_name() const { return machine_->hello_name; }
const std::string& session::authenticated_as() const { return machine_->account; }
bool session::is_secure() const { return machine_->is_secure(); }

} // namespace stagepost::smtp
