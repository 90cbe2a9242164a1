#include "protocols/base/text.hpp"
#include "protocols/smtp_client/machine.hpp"

namespace stagepost::smtp_client {

namespace {

// RFC 5321 4.5.3.1.4. A longer initial response waits for the server's empty challenge (RFC 4954 4).
constexpr size_t max_command_octets = 512;

/// RFC 8689 4.2.1
outcome encryption_needed(std::string_view reason) {
  return own_decision(fate::permanent, stage::start_tls, {5, 7, 10}, std::string(reason));
}

} // namespace

void session::machine::on_greeting(const remote_reply& reply) {
  if (reply.code != 220) {
    auto why = outcome_of(stage::greeting, reply);
    // RFC 5321 3.1: 554 still waits for QUIT. A greeting of success that is no 220 is nobody's.
    return why.fate == fate::delivered ? lose(outcome_of(connection_failure::garbage, stage::greeting))
                                       : give_up(std::move(why));
  }
  peer_name = reply.text.substr(0, reply.text.find_first_of(" \n"));
  say_hello(true);
}

void session::machine::say_hello(bool with_extensions) {
  extended = with_extensions;
  const auto verb = is_lmtp() ? "LHLO " : with_extensions ? "EHLO " : "HELO ";
  ask(verb + settings.hello_name + "\r\n", stage::hello);
}

void session::machine::on_hello(const remote_reply& reply) {
  if (reply.code == 250) {
    peer = extended ? parse_extensions(reply.text) : peer_extensions{};
    return proceed();
  }
  // RFC 5321 3.2: a server that does not know EHLO is spoken to as in RFC 821. RFC 2033 knows no such way.
  if (reply.code / 100 == 5 && extended && !is_lmtp()) return say_hello(false);
  auto why = outcome_of(stage::hello, reply);
  if (why.fate == fate::delivered) why = outcome_of(connection_failure::garbage, stage::hello);
  give_up(std::move(why));
}

void session::machine::proceed() {
  if (!secure && settings.tls != tls_policy::never && !tls_refused) {
    if (peer.start_tls) return ask("STARTTLS\r\n", stage::start_tls);
    if (settings.require_tls) return give_up(encryption_needed("The server offers no TLS"));
    if (settings.tls == tls_policy::required)
      return give_up(outcome_of(connection_failure::tls_not_offered, stage::start_tls));
  }
  // Before a password is shown to somebody who gets no mail.
  if (settings.require_tls && !takes_require_tls())
    return give_up(own_decision(fate::permanent, stage::hello, {5, 7, 30},
                                "The server does not promise to keep mail on TLS (REQUIRETLS)"));
  if (settings.login) return begin_login();
  become_ready();
}

void session::machine::on_start_tls(const remote_reply& reply, bytes_view& rest) {
  if (reply.code == 220) {
    // What came behind it was not sent by whoever holds the certificate (RFC 3207 6).
    rest = {};
    reader.reset();
    now = phase::handshake;
    out.push_back(smtp_client::start_tls{});
    return;
  }
  if (settings.require_tls && reply.code / 100 == 5)
    return give_up(encryption_needed("The server refuses TLS"));
  if (settings.tls == tls_policy::required) {
    auto why = outcome_of(stage::start_tls, reply);
    if (why.fate == fate::delivered) why = outcome_of(connection_failure::garbage, stage::start_tls);
    return give_up(std::move(why));
  }
  tls_refused = true;
  proceed();
}

void session::machine::begin_login() {
  const bool password_may_be_sent = secure || !settings.login_needs_tls;
  const auto which = choose_mechanism(peer.mechanisms, settings.mechanisms, tried, password_may_be_sent);
  if (!which) return give_up(outcome_of(connection_failure::no_mechanism, stage::login));
  tried.push_back(*which);
  login = make_login(*which, *settings.login, settings.nonce);
  auto line = "AUTH " + std::string(sasl::name_of(*which));
  if (const auto initial = login->initial_response()) {
    const auto coded = initial->empty() ? std::string("=") : base64_encode(*initial); // RFC 4954 4
    if (line.size() + coded.size() + 3 <= max_command_octets) line += " " + coded;
  }
  ask_secretly(line + "\r\n");
}

void session::machine::ask_secretly(bytes text) {
  out.push_back(send{std::move(text), true});
  waiting.push_back({stage::login});
}

void session::machine::on_login(const remote_reply& reply) {
  if (reply.code == 334 && !login_cancelled) {
    const auto challenge = base64_decode(trim(reply.text));
    const auto answer = challenge ? login->respond(*challenge) : std::nullopt;
    login_cancelled = !answer;
    return ask_secretly(answer ? base64_encode(*answer) + "\r\n" : "*\r\n"); // RFC 4954 4
  }
  // A success that SCRAM did not prove may come from anybody who does not know the password.
  if (login_cancelled || (reply.code == 235 && !login->is_proved()))
    return give_up(
        outcome_of(connection_failure::garbage, stage::login, "the server did not prove who it is"));
  if (reply.code == 235) {
    login.reset();
    return become_ready();
  }
  // 504 and 534 speak of the mechanism, not of the password: another may do. Anything else is not tried
  // twice, since wrong passwords lock accounts.
  if (reply.code == 504 || reply.code == 534) return begin_login();
  auto why = outcome_of(stage::login, reply);
  if (why.fate == fate::delivered) why = outcome_of(connection_failure::garbage, stage::login);
  give_up(std::move(why));
}

void session::machine::become_ready() {
  now = phase::ready;
  out.push_back(ready{});
}

actions session::on_tls(std::string_view failure) {
  auto& m = *machine_;
  if (m.now != machine::phase::handshake) return {};
  if (!failure.empty()) {
    m.lose(outcome_of(connection_failure::tls_failed, stage::start_tls, failure));
    return m.take_out();
  }
  m.secure = true;
  m.now = machine::phase::opening;
  m.peer = {}; // RFC 3207 4.2: what was said in the clear is forgotten
  m.say_hello(true);
  return m.take_out();
}

} // namespace stagepost::smtp_client
