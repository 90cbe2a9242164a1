#include "actors/connection/smtp_connection.hpp"

#include "conf/network.hpp"

#include <utility>

namespace stagepost::connection {

namespace {

smtp::session_kind kind_of(conf::service service) {
  switch (service) {
  case conf::service::submission: return smtp::session_kind::submission;
  case conf::service::lmtp: return smtp::session_kind::lmtp;
  default: return smtp::session_kind::relay;
  }
}

metrics::gauge gauge_of(conf::service service) {
  return service == conf::service::lmtp ? metrics::gauge::lmtp_open : metrics::gauge::smtp_open;
}

} // namespace

smtp_connection::smtp_connection(caf::actor_config& config, net::socket socket, context_ptr with, peer who)
    : connection(config, std::move(socket), std::move(with), std::move(who)) {
  with_->counters->change(gauge_of(with_->listener.service), 1);
}

smtp_connection::~smtp_connection() { with_->counters->change(gauge_of(with_->listener.service), -1); }

smtp::session_settings smtp_connection::settings() const {
  const auto all = with_->settings->get();
  const auto& in = all->smtp_in;
  smtp::session_settings s;
  s.kind = kind_of(with_->listener.service);
  s.host_name = with_->host_name;
  s.banner = fill_banner(is_lmtp() ? all->lmtp.banner : in.banner);
  s.tls_offered = with_->listener.tls == conf::tls_mode::starttls && with_->certificates->get() != nullptr;
  s.require_tls_offered = all->smtp_out.use_tls; // else nothing of it could be sent on
  s.login_needs_tls = !all->passwords.plain_text_without_tls;
  if (!is_lmtp()) s.mechanisms = mechanisms(in.disable_auth_login);
  s.max_message_size_bytes = in.max_message_size.bytes;
  s.max_recipients = in.max_recipients;
  s.max_bad_commands = in.max_bad_commands;
  s.max_bad_recipients = in.max_bad_recipients;
  s.max_hop_count = in.max_hop_count;
  s.max_line_bytes = in.max_line.bytes;
  s.max_header_bytes = in.max_header_size.bytes;
  s.tells_authenticated = all->smtp_out.authenticated_as_header;
  s.vrfy = in.vrfy;
  s.expn = in.expn;
  s.bare = in.bare_newline == conf::bare_newline::refuse ? smtp::bare_newline::refuse
                                                         : smtp::bare_newline::normalise;
  switch (in.append_received) {
  case conf::received_for::all: s.append_received = smtp::received_policy::all; break;
  case conf::received_for::authenticated: s.append_received = smtp::received_policy::authenticated; break;
  case conf::received_for::none: s.append_received = smtp::received_policy::none; break;
  }
  switch (in.require_auth_match) {
  case conf::auth_match::none: s.match = smtp::sender_match::none; break;
  case conf::auth_match::domain: s.match = smtp::sender_match::domain; break;
  case conf::auth_match::address: s.match = smtp::sender_match::address; break;
  }
  return s;
}

bool smtp_connection::is_listed(const std::vector<conf::network>& networks) const {
  if (networks.empty()) return false;
  const auto ip = conf::parse_ip(peer_.address);
  return ip && conf::network_set(networks).contains(*ip);
}

std::chrono::milliseconds smtp_connection::patience() const {
  const auto all = with_->settings->get();
  if (is_lmtp()) return all->lmtp.session_timeout;
  // SMTPIN-09 while a message comes, SMTPIN-07 otherwise.
  if (body_) return all->smtp_in.command_timeout;
  return all->smtp_in.session_timeout_enabled ? all->smtp_in.session_timeout : std::chrono::hours(24);
}

net::task<> smtp_connection::serve() {
  const bool implicit = with_->listener.tls == conf::tls_mode::implicit;
  if (implicit) {
    const bool safe = co_await shake_hands();
    if (!safe) co_return;
  }
  smtp::peer who{peer_.address, implicit};
  smtp::tls_facts facts;
  if (implicit) facts = {stream_.tls_version(), stream_.tls_cipher(), channel()};
  session_.emplace(settings(), who, facts);
  session_->give_nonce(random_octets(24));

  // RFC 5321 3.1: who speaks before the greeting is no mail server.
  const bool early = read_some() == got::some;
  auto first = early ? session_->on_early_talk() : session_->start();
  co_await perform(std::move(first));
  while (!done_) {
    co_await flush();
    const auto why = co_await wait_for_input(patience());
    smtp::actions todo;
    if (why == wake::timeout) {
      todo = session_->on_timeout();
    } else if (why == wake::drain) {
      todo = session_->on_shutdown();
    } else {
      const auto read = read_some();
      if (read == got::nothing) continue;
      if (read == got::closed) break;
      todo = session_->feed(input(), now());
    }
    co_await perform(std::move(todo));
    if (why == wake::drain) done_ = true;
  }
  co_await flush();
}

void smtp_connection::on_exit() {
  tell_refusals();
  give_up_body(); // whatever ended the connection: chunks in the store belong to nobody now
  connection::on_exit();
}

net::task<> smtp_connection::perform(smtp::actions todo) {
  while (!todo.empty()) {
    smtp::actions next;
    for (auto& action : todo) {
      if (auto* reply = std::get_if<smtp::reply>(&action)) {
        say(reply->text);
      } else if (auto* piece = std::get_if<smtp::write_body>(&action)) {
        co_await take(*piece);
      } else if (std::holds_alternative<smtp::abort_message>(action)) {
        give_up_body();
      } else if (std::holds_alternative<smtp::close>(action)) {
        done_ = true;
      } else {
        next = co_await answer(action);
      }
    }
    if (session_->wants_nonce()) session_->give_nonce(random_octets(24));
    todo = std::move(next);
  }
}

net::task<smtp::actions> smtp_connection::answer(smtp::action& question) {
  if (auto* asked = std::get_if<smtp::check_sender>(&question)) {
    const auto verdict = co_await check_sender(*asked);
    co_return session_->on_sender(verdict, std::exchange(refusal_detail_, {}));
  }
  if (auto* asked = std::get_if<smtp::look_up_recipient>(&question)) {
    const auto verdict = co_await look_up(*asked);
    co_return session_->on_recipient(verdict, std::exchange(refusal_detail_, {}));
  }
  if (auto* asked = std::get_if<smtp::begin_message>(&question)) co_return co_await begin(*asked);
  if (auto* asked = std::get_if<smtp::accept_message>(&question)) co_return co_await accept(*asked);
  if (auto* asked = std::get_if<smtp::expand>(&question)) co_return co_await expand(*asked);
  if (std::holds_alternative<smtp::start_tls>(question)) {
    co_await flush();
    const bool safe = co_await shake_hands();
    if (!safe) throw peer_gone{};
    smtp::tls_facts facts{stream_.tls_version(), stream_.tls_cipher(), channel()};
    co_return session_->on_tls(facts);
  }
  if (auto* asked = std::get_if<sasl::find_credentials>(&question)) {
    const auto found = co_await credentials_of(*asked);
    co_return session_->on_credentials(found);
  }
  if (auto* asked = std::get_if<sasl::verify_password>(&question))
    account_ = co_await log_in(*asked, domain::service::smtp);
  else if (auto* proof = std::get_if<sasl::finish_login>(&question))
    account_ = co_await log_in(*proof, domain::service::smtp);
  if (account_.outcome == sasl::login_outcome::accepted) {
    session_->use_time_zone(zone_of(account_));
    session_->limit_to(account_.max_message_size_bytes, account_.max_recipients);
    session_->know_domains(account_.domain_names);
    if (account_.hide_client_address) session_->hide_client();
  }
  co_return session_->on_login(account_.outcome, account_.account.address);
}

} // namespace stagepost::connection
