#include "protocols/smtp/machine.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>

namespace stagepost::smtp {

namespace {

// RFC 5321 4.5.3.1.4 asks for 512 octets, extensions for more; RFC 4954 4 for 12288 where base64 is sent.
constexpr size_t max_command_octets = 4096;
constexpr size_t max_auth_octets = 12288;

bool has_control(std::string_view line) {
  return std::any_of(line.begin(), line.end(), [](char c) { return uint8_t(c) < 0x20 || c == 0x7f; });
}

} // namespace

session::machine::machine(session_settings settings_, peer who_, tls_facts tls_)
    : settings(std::move(settings_)), who(std::move(who_)), tls(std::move(tls_)) {}

void session::machine::take(bytes_view input) {
  bytes held;
  if (!pending.empty()) {
    held = std::move(pending);
    pending.clear();
    held += input;
    input = held;
  }
  size_t left = input.size() + 1;
  while (!input.empty() && input.size() != left && open_question == question::none) {
    left = input.size(); // no progress: a line that is not whole
    switch (now_reading) {
    case phase::command:
    case phase::sasl_response: take_line(input); break;
    case phase::content: take_content(input); break;
    case phase::chunk: take_chunk(input); break;
    case phase::handshake:
    case phase::closed: input = {}; break;
    }
  }
  if (input.size() == held.size())
    pending = std::move(held);
  else
    pending.assign(input);
  if (pending.empty()) pending.shrink_to_fit();
}

void session::machine::take_line(bytes_view& input) {
  const bool base64 = now_reading == phase::sasl_response || ascii_istarts_with(input, "AUTH ");
  const size_t limit = base64 ? max_auth_octets : max_command_octets;
  const auto newline = input.find('\n');
  if (newline == input.npos) {
    if (input.size() > limit) skips_line = true;
    if (skips_line) input = {};
    return;
  }
  auto line = input.substr(0, newline);
  input.remove_prefix(newline + 1);
  if (skips_line || line.size() > limit) {
    skips_line = false;
    end_exchange();
    return complain(reply_kind::line_too_long);
  }
  if (!line.ends_with('\r')) { // RFC 5321 2.3.8: answered, so that nobody waits, but not obeyed
    end_exchange();
    return complain(reply_kind::bad_line);
  }
  line.remove_suffix(1);
  if (now_reading == phase::sasl_response) return on_sasl_line(line);
  if (has_control(line)) return complain(reply_kind::bad_line);
  take_command(line, input);
}

void session::machine::take_command(std::string_view line, bytes_view& rest) {
  const auto given = parse_command(line);
  const auto alone = [&] { // of commands that have no argument
    if (!given.argument.empty()) complain(reply_kind::syntax_error);
    return given.argument.empty();
  };
  switch (given.verb) {
  case verb::helo:
  case verb::ehlo:
  case verb::lhlo: return on_hello(given, !rest.empty());
  case verb::mail: return on_mail(given.argument);
  case verb::rcpt: return on_rcpt(given.argument);
  case verb::data: return on_data(given.argument, !rest.empty());
  case verb::bdat: return on_bdat(given.argument);
  case verb::vrfy:
  case verb::expn: return on_verify(given);
  case verb::starttls: return on_starttls(given.argument, rest);
  case verb::auth: return on_auth(given.argument);
  case verb::noop: return say(reply_kind::okay);
  case verb::help: return say(reply_kind::help);
  case verb::rset:
    if (!alone()) return;
    reset_transaction();
    return say(reply_kind::okay);
  case verb::quit:
    if (alone()) hang_up(reply_kind::goodbye);
    return;
  case verb::foreign: return hang_up(reply_kind::not_smtp);
  case verb::unknown: return complain(reply_kind::unknown_command);
  }
}

void session::machine::say(bytes_view text) {
  if (!out.empty())
    if (auto* last = std::get_if<reply>(&out.back())) {
      last->text += text; // RFC 2920 3.2: replies to a group of commands travel together
      return;
    }
  out.push_back(reply{bytes(text)});
}

void session::machine::say(reply_kind kind, std::string_view detail) { say(reply_text(kind, detail)); }

void session::machine::complain(reply_kind kind) {
  if (++bad_commands >= settings.max_bad_commands && settings.max_bad_commands != 0)
    return hang_up(reply_kind::too_many_bad_commands);
  say(kind);
}

void session::machine::hang_up(reply_kind kind) {
  if (now_reading == phase::closed) return;
  if (open_question == question::message_begun) out.push_back(abort_message{});
  reset_transaction();
  end_exchange();
  say(kind);
  out.push_back(close{});
  now_reading = phase::closed;
  open_question = question::none;
  pending = {};
}

void session::machine::ask(question what, action question_action) {
  open_question = what;
  out.push_back(std::move(question_action));
}

bool session::machine::is_answer_to(question what) {
  if (open_question != what) return false;
  open_question = question::none;
  return true;
}

actions session::machine::take_out() { return std::exchange(out, {}); }

} // namespace stagepost::smtp
