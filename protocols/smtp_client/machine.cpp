#include "protocols/smtp_client/machine.hpp"

namespace stagepost::smtp_client {

void session::machine::take(bytes_view input) {
  while (!input.empty() && now != phase::handshake && now != phase::closed) {
    const auto reply = reader.feed(input);
    if (!reply) break;
    take_reply(*reply, input);
  }
  if (reader.fault() != reply_fault::none && now != phase::closed)
    lose(outcome_of(connection_failure::garbage, current_stage()));
}

void session::machine::take_reply(const remote_reply& reply, bytes_view& rest) {
  ++replies;
  // RFC 5321 3.8: a server that must stop says so in answer to whatever comes, or unasked.
  if (reply.code == 421 && now != phase::quitting) return lose(outcome_of(current_stage(), reply));
  if (waiting.empty()) return on_early_reply(reply);
  const auto answered = waiting.front();
  waiting.pop_front();
  switch (answered.at) {
  case stage::greeting: return on_greeting(reply);
  case stage::hello: return on_hello(reply);
  case stage::start_tls: return on_start_tls(reply, rest);
  case stage::login: return on_login(reply);
  case stage::reset: return on_reset(reply);
  case stage::mail: return on_mail(reply);
  case stage::rcpt: return on_rcpt(reply, answered.recipient);
  case stage::data: return on_data(reply);
  case stage::content: return on_content(reply, answered.recipient);
  case stage::routing:
  case stage::connect:
  case stage::idle:
  case stage::quit: return hang_up();
  }
}

void session::machine::say(bytes_view text) {
  if (!out.empty())
    if (auto* last = std::get_if<send>(&out.back()); last && !last->secret) {
      last->text += text; // RFC 2920 3.1: commands of a group travel together
      return;
    }
  out.push_back(send{bytes(text)});
}

void session::machine::ask(bytes_view text, stage at, size_t recipient) {
  say(text);
  waiting.push_back({at, recipient});
}

stage session::machine::current_stage() const {
  switch (now) {
  case phase::handshake: return stage::start_tls;
  case phase::ready: return stage::idle;
  case phase::content:
  case phase::ending: return stage::content;
  case phase::quitting: return stage::quit;
  default: return waiting.empty() ? stage::idle : waiting.front().at;
  }
}

void session::machine::lose(outcome why) {
  if (now == phase::closed) return;
  if (in_transaction()) {
    // The peer has the whole message and did not say what it made of it.
    why.maybe_delivered = body_sent && why.reply.code == 0;
    for (const auto one : accepted) decide(one, why);
    why.maybe_delivered = false;
    decide_rest(why);
    now = phase::quitting; // no `ready` after this
    finish_transaction();
  } else if (now != phase::quitting) {
    out.push_back(failed{std::move(why)});
  }
  hang_up();
}

void session::machine::give_up(outcome why) {
  say("QUIT\r\n");
  lose(std::move(why));
}

void session::machine::hang_up() {
  if (now == phase::closed) return;
  now = phase::closed;
  waiting.clear();
  body_wanted = false;
  login.reset();
  out.push_back(close{});
}

} // namespace stagepost::smtp_client
