#include "protocols/base/text.hpp"
#include "protocols/pop3/machine.hpp"

namespace stagepost::pop3 {

namespace {

constexpr size_t least_nonce_bytes = 18; // what sasl::make_exchange asks for

} // namespace

void session::machine::begin_tls() {
  if (secure) return say_bad(answer::tls_already);
  if (!settings.tls_offered) return say_bad(answer::tls_unavailable);
  say(answer::tls_begins);
  // RFC 2595 4: nothing said on the plain line holds afterwards, least of all commands sent behind STLS,
  // which somebody in between may have put there.
  lines.clear();
  user.clear();
  ask(question::tls, start_tls{});
}

void session::machine::take_user(bytes_view name) {
  const offer now_offered = offered();
  if (!now_offered.password_commands)
    return say(now_offered.password_needs_tls ? answer::tls_first : answer::mechanism_unknown);
  const auto trimmed = trim(name);
  if (trimmed.empty()) return say_bad(answer::malformed);
  if (!is_utf8(trimmed)) return say_bad(answer::not_utf8);
  user = trimmed;
  say(answer::user_taken); // RFC 1939 7: also for names nobody has
}

void session::machine::take_password(bytes_view password) {
  if (user.empty()) return say_bad(answer::user_first);
  if (!is_utf8(password)) return say_bad(answer::not_utf8);
  sasl::verify_password asked;
  asked.user = std::exchange(user, {});
  asked.password = password;
  ask(question::login, std::move(asked));
}

void session::machine::begin_exchange(const command& with) {
  const offer now_offered = offered();
  if (with.count == 0) {
    say(answer::mechanisms_follow);
    return write_mechanisms(reply_text(), now_offered);
  }
  const auto wanted = sasl::mechanism_named(with.first);
  if (!wanted || !now_offered.has(*wanted)) {
    const bool waits_for_tls = wanted && sasl::sends_password(*wanted) && now_offered.password_needs_tls;
    return say(waits_for_tls ? answer::tls_first : answer::mechanism_unknown);
  }
  std::optional<bytes> initial;
  if (with.count == 2) {
    initial =
        with.second == "=" ? bytes() : base64_decode(with.second); // RFC 5034 4: "=" is the empty response
    if (!initial) return say_bad(answer::bad_base64);
  }
  if (!sasl::sends_password(*wanted) && nonce.size() < least_nonce_bytes)
    return say(answer::login_unavailable);
  exchange =
      sasl::make_exchange(*wanted, nonce, settings.host_name, unix_seconds(now), channel, now_offered.plus);
  if (!exchange) return say(answer::mechanism_unknown);
  if (!sasl::sends_password(*wanted)) nonce.clear(); // used up
  user.clear();
  drive(exchange->start(std::move(initial)));
}

void session::machine::on_response(bytes_view line) {
  expects_response = false;
  const bool after_last_words = std::exchange(expects_empty_line, false);
  if (line == "*") { // RFC 5034 4
    exchange.reset();
    return say(answer::exchange_cancelled);
  }
  const auto response = base64_decode(line);
  if (!response) {
    exchange.reset();
    return say_bad(answer::bad_base64);
  }
  if (!after_last_words) return drive(exchange->feed(*response));
  exchange.reset();
  if (!response->empty()) return say_bad(answer::exchange_malformed);
  on_login_ended(sasl::login_outcome::accepted);
}

void session::machine::drive(sasl::step step) {
  if (auto* text = std::get_if<sasl::challenge>(&step)) {
    expects_response = true;
    return say("+ " + base64_encode(text->text) + "\r\n");
  }
  if (auto* asked = std::get_if<sasl::verify_password>(&step)) return ask(question::login, std::move(*asked));
  if (auto* asked = std::get_if<sasl::find_credentials>(&step))
    return ask(question::credentials, std::move(*asked));
  if (auto* asked = std::get_if<sasl::finish_login>(&step)) return ask(question::login, std::move(*asked));
  if (auto* end_of_it = std::get_if<sasl::finished>(&step)) {
    if (end_of_it->outcome == sasl::login_outcome::accepted && !end_of_it->last_words.empty()) {
      // RFC 5034 4: +OK carries no data, so the server's proof goes out as a challenge that is answered by
      // nothing.
      expects_response = expects_empty_line = true;
      return say("+ " + base64_encode(end_of_it->last_words) + "\r\n");
    }
    exchange.reset();
    return on_login_ended(end_of_it->outcome);
  }
  const bool cancelled = std::holds_alternative<sasl::cancelled>(step);
  exchange.reset();
  if (cancelled) return say(answer::exchange_cancelled);
  say_bad(answer::exchange_malformed);
}

void session::machine::on_login_ended(sasl::login_outcome outcome) {
  if (outcome == sasl::login_outcome::accepted) return ask(question::maildrop, open_maildrop{});
  say(answer_to(outcome));
  // Whoever guesses must come back on a new connection, which is counted and may be refused.
  if (outcome == sasl::login_outcome::too_many_failures) end();
}

} // namespace stagepost::pop3
