#include "protocols/smtp/greeting.hpp"
#include "protocols/smtp/machine.hpp"
#include "protocols/smtp/parser.hpp"

namespace stagepost::smtp {

void session::machine::on_hello(const command& given, bool more_follows) {
  const bool lmtp = settings.kind == session_kind::lmtp;
  if (lmtp != (given.verb == verb::lhlo)) return complain(reply_kind::unknown_command); // RFC 2033 4.1
  // RFC 2920 3.1: nobody may pipeline before he was told that he may.
  if (hello_name.empty() && more_follows) return hang_up(reply_kind::hello_pipelined);
  if (!is_hello_name(given.argument)) return complain(reply_kind::syntax_error);
  reset_transaction(); // RFC 5321 4.1.4
  hello_name = given.argument;
  extended = given.verb != verb::helo;
  if (!extended) return say("250 " + settings.host_name + "\r\n");
  say(ehlo_reply(settings.host_name, {.start_tls = settings.tls_offered && !is_secure(),
                                      .require_tls = offers_require_tls(),
                                      .mechanisms = account.empty() ? usable_mechanisms(settings, tls)
                                                                    : std::vector<sasl::mechanism>{},
                                      .max_message_size_bytes = max_message_size_bytes(),
                                      .max_recipients = max_recipients(),
                                      .vrfy = settings.vrfy,
                                      .expn = settings.expn}));
}

void session::machine::on_starttls(std::string_view argument, bytes_view& rest) {
  if (!argument.empty()) return complain(reply_kind::syntax_error);
  if (is_secure()) return say(reply_kind::tls_already);
  if (!settings.tls_offered) return complain(reply_kind::not_implemented);
  if (!account.empty()) return say(reply_kind::tls_after_login);
  if (has_sender) return say(reply_kind::in_transaction);
  // What came behind the command was sent in the clear, maybe by somebody else: it must not be taken for what
  // the client says under TLS (RFC 3207 6).
  rest = {};
  say(reply_kind::ready_for_tls);
  out.push_back(start_tls{});
  now_reading = phase::handshake;
}

void session::machine::forget_client() { // RFC 3207 4.2
  reset_transaction();
  end_exchange();
  hello_name.clear();
  extended = false;
  skips_line = false;
  pending = {};
}

actions session::on_tls(const tls_facts& tls) {
  auto& m = *machine_;
  if (m.now_reading != machine::phase::handshake) return {};
  m.forget_client();
  m.tls = tls;
  m.now_reading = machine::phase::command;
  if (!m.is_secure()) { // the handshake failed: nothing sensible can follow on this line
    m.now_reading = machine::phase::closed;
    m.out.push_back(close{});
  }
  return m.take_out();
}

} // namespace stagepost::smtp
