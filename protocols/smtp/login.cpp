#include "protocols/base/text.hpp"
#include "protocols/smtp/greeting.hpp"
#include "protocols/smtp/machine.hpp"

#include <algorithm>

namespace stagepost::smtp {

namespace {

bool is_among(sasl::mechanism which, const std::vector<sasl::mechanism>& all) {
  return std::find(all.begin(), all.end(), which) != all.end();
}

bool offers_plus(const std::vector<sasl::mechanism>& all) {
  return is_among(sasl::mechanism::scram_sha_1_plus, all) ||
         is_among(sasl::mechanism::scram_sha_256_plus, all);
}

reply_kind refusal_of_login(sasl::login_outcome outcome) { // RFC 4954 6
  switch (outcome) {
  case sasl::login_outcome::not_permitted: return reply_kind::user_disabled;
  case sasl::login_outcome::too_many_failures: return reply_kind::too_many_failed_logins;
  case sasl::login_outcome::temporary_failure: return reply_kind::login_not_possible_now;
  default: return reply_kind::wrong_credentials;
  }
}

} // namespace

void session::machine::on_auth(std::string_view argument) {
  const auto name = argument.substr(0, argument.find(' '));
  const auto response = trim(argument.substr(name.size()));
  if (settings.mechanisms.empty()) return complain(reply_kind::not_implemented);
  if (!extended) return say(reply_kind::hello_first);
  if (!account.empty()) return say(reply_kind::login_already);
  if (has_sender) return say(reply_kind::in_transaction); // RFC 4954 4
  if (name.empty()) return complain(reply_kind::syntax_error);
  const auto which = sasl::mechanism_named(name);
  if (!which || !is_among(*which, settings.mechanisms)) return say(reply_kind::unknown_mechanism);
  const auto usable = usable_mechanisms(settings, tls);
  if (!is_among(*which, usable)) return say(reply_kind::login_needs_tls);
  std::optional<bytes> initial;
  if (!response.empty()) { // "=": a response of no octets (RFC 4954 4)
    initial = response == "=" ? bytes{} : base64_decode(response);
    if (!initial) return complain(reply_kind::bad_base64);
  }
  const bool fresh = !sends_password(*which); // the others challenge with the nonce
  if (fresh && nonce.empty()) return say(reply_kind::login_not_possible_now);
  exchange = sasl::make_exchange(*which, nonce, settings.host_name, unix_seconds(now), tls.channel,
                                 offers_plus(usable));
  if (fresh) nonce.clear();
  perform(exchange->start(std::move(initial)));
}

void session::machine::on_sasl_line(std::string_view line) {
  now_reading = phase::command;
  if (line == "*") {
    end_exchange();
    return say(reply_kind::login_cancelled);
  }
  const auto response = base64_decode(line);
  if (!response || (waits_for_last_words && !response->empty())) {
    end_exchange();
    return complain(reply_kind::bad_base64);
  }
  if (waits_for_last_words) return complete_login();
  perform(exchange->feed(*response));
}

void session::machine::perform(sasl::step step) {
  if (const auto* asked = std::get_if<sasl::challenge>(&step)) {
    now_reading = phase::sasl_response;
    return say("334 " + base64_encode(asked->text) + "\r\n");
  }
  if (auto* asked = std::get_if<sasl::verify_password>(&step)) return ask(question::login, std::move(*asked));
  if (auto* asked = std::get_if<sasl::finish_login>(&step)) return ask(question::login, std::move(*asked));
  if (auto* asked = std::get_if<sasl::find_credentials>(&step))
    return ask(question::credentials, std::move(*asked));
  if (const auto* end = std::get_if<sasl::finished>(&step)) return perform_finished(*end);
  end_exchange();
  complain(std::holds_alternative<sasl::cancelled>(step) ? reply_kind::login_cancelled
                                                         : reply_kind::bad_base64);
}

void session::machine::perform_finished(const sasl::finished& end) {
  if (end.outcome != sasl::login_outcome::accepted) {
    end_exchange();
    if (end.outcome == sasl::login_outcome::too_many_failures)
      return hang_up(reply_kind::too_many_failed_logins);
    return say(refusal_of_login(end.outcome));
  }
  if (coming_account.empty()) coming_account = end.user; // who is let in has a name
  if (end.last_words.empty()) return complete_login();
  // RFC 4954 4: a success carries no data, so it goes into a challenge that is answered with nothing.
  waits_for_last_words = true;
  now_reading = phase::sasl_response;
  say("334 " + base64_encode(end.last_words) + "\r\n");
}

void session::machine::complete_login() {
  account = std::exchange(coming_account, {});
  end_exchange();
  say(reply_kind::logged_in);
}

void session::machine::end_exchange() {
  exchange.reset();
  coming_account = {};
  waits_for_last_words = false;
  if (now_reading == phase::sasl_response) now_reading = phase::command;
}

actions session::on_credentials(const sasl::credentials& found) {
  auto& m = *machine_;
  if (!m.is_answer_to(machine::question::credentials)) return {};
  m.perform(m.exchange->on_credentials(found));
  m.take({});
  return m.take_out();
}

actions session::on_login(sasl::login_outcome outcome, const std::string& address) {
  auto& m = *machine_;
  if (!m.is_answer_to(machine::question::login)) return {};
  m.coming_account = address;
  m.perform(m.exchange->on_login(outcome));
  m.take({});
  return m.take_out();
}

} // namespace stagepost::smtp
