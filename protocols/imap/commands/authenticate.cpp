#include "protocols/imap/commands/authenticate.hpp"

#include "protocols/base/text.hpp"
#include "protocols/imap/commands/capability.hpp"
#include "protocols/imap/dialogue.hpp"

#include <algorithm>

namespace stagepost::imap {

namespace {

constexpr size_t max_response_line = 16 * 1024;

answer answer_for(sasl::login_outcome outcome) {
  switch (outcome) {
  case sasl::login_outcome::accepted: return answer::logged_in;
  case sasl::login_outcome::wrong_credentials: return answer::wrong_credentials;
  case sasl::login_outcome::not_permitted: return answer::login_not_permitted;
  case sasl::login_outcome::too_many_failures: return answer::login_too_often;
  case sasl::login_outcome::temporary_failure: break;
  }
  return answer::login_unavailable;
}

void end_login(dialogue& with, sasl::login_outcome outcome) {
  if (outcome != sasl::login_outcome::accepted) {
    if (outcome != sasl::login_outcome::temporary_failure) with.note_failed_login();
    return with.finish(answer_for(outcome));
  }
  with.log_in();
  bytes capabilities;
  write_capabilities(capabilities, with);
  with.finish(answer::logged_in, capabilities);
}

class login final : public running_command {
public:
  login(std::string user, bytes password) : user_(std::move(user)), password_(std::move(password)) {}

  void begin(dialogue& with) override {
    if (with.settings().login_needs_tls && !with.is_on_tls()) return with.finish(answer::privacy_required);
    with.ask(sasl::verify_password{std::move(user_), std::move(password_), {}});
  }

  void on_login(dialogue& with, sasl::login_outcome outcome, const std::string&) override {
    end_login(with, outcome);
  }

private:
  std::string user_;
  bytes password_;
};

class authenticate final : public running_command {
public:
  authenticate(std::string mechanism, std::optional<bytes> initial_response)
      : mechanism_(std::move(mechanism)), initial_response_(std::move(initial_response)) {}

  void begin(dialogue& with) override {
    const auto which = sasl::mechanism_named(mechanism_);
    const auto& known = with.settings().mechanisms;
    if (!which || std::find(known.begin(), known.end(), *which) == known.end())
      return with.finish(answer::unsupported_mechanism);
    if (sasl::sends_password(*which) && with.settings().login_needs_tls && !with.is_on_tls())
      return with.finish(answer::privacy_required);
    const auto offered = offered_mechanisms(with);
    const auto is_offered = [&](sasl::mechanism m) {
      return std::find(offered.begin(), offered.end(), m) != offered.end();
    };
    if (!is_offered(*which)) return with.finish(answer::unsupported_mechanism);
    if (with.nonce.empty() && !sasl::sends_password(*which)) return with.finish(answer::no_nonce);
    const bool offered_plus =
        is_offered(sasl::mechanism::scram_sha_1_plus) || is_offered(sasl::mechanism::scram_sha_256_plus);
    exchange_ = sasl::make_exchange(*which, with.nonce, with.settings().host_name, unix_seconds(with.now()),
                                    with.channel(), offered_plus);
    // A nonce is for one exchange.
    if (!sasl::sends_password(*which)) with.nonce = bytes{};
    take_step(with, exchange_->start(std::move(initial_response_)));
  }

  void on_line(dialogue& with, bytes_view line) override {
    // RFC 3501 6.2.2.
    if (line == "*") return with.finish(answer::authentication_cancelled);
    const auto response = base64_decode(line);
    if (!response) return with.finish(answer::invalid_base64);
    if (outcome_) return end_login(with, *outcome_);
    take_step(with, exchange_->feed(*response));
  }

  void on_credentials(dialogue& with, const sasl::credentials& found) override {
    take_step(with, exchange_->on_credentials(found));
  }

  void on_login(dialogue& with, sasl::login_outcome outcome, const std::string&) override {
    take_step(with, exchange_->on_login(outcome));
  }

private:
  void take_step(dialogue& with, sasl::step step) {
    if (auto* challenge = std::get_if<sasl::challenge>(&step)) return send(with, challenge->text);
    if (auto* question = std::get_if<sasl::verify_password>(&step)) return with.ask(std::move(*question));
    if (auto* question = std::get_if<sasl::find_credentials>(&step)) return with.ask(std::move(*question));
    if (auto* question = std::get_if<sasl::finish_login>(&step)) return with.ask(std::move(*question));
    if (auto* end = std::get_if<sasl::finished>(&step)) {
      if (end->last_words.empty()) return end_login(with, end->outcome);
      // IMAP has no room for them in its OK: one more challenge, and an empty answer (RFC 4422 3.6).
      outcome_ = end->outcome;
      return send(with, end->last_words);
    }
    with.finish(std::holds_alternative<sasl::cancelled>(step) ? answer::authentication_cancelled
                                                              : answer::syntax);
  }

  static void send(dialogue& with, bytes_view challenge) {
    bytes& out = with.text();
    out += "+ ";
    out += base64_encode(challenge);
    out += "\r\n";
    with.expect_line(max_response_line);
  }

  std::string mechanism_;
  std::optional<bytes> initial_response_;
  std::unique_ptr<sasl::exchange> exchange_;
  std::optional<sasl::login_outcome>
      outcome_; ///< settled; only the client's answer to the last words is missing
};

class starttls final : public running_command {
public:
  void begin(dialogue& with) override {
    if (with.is_on_tls() || !with.settings().tls_offered) return with.finish(answer::wrong_state);
    with.begin_tls();
  }
};

} // namespace

std::unique_ptr<running_command> make_authenticate(parser& in, bool) {
  if (!in.space()) return nullptr;
  const auto mechanism = in.atom();
  if (!mechanism) return nullptr;
  std::optional<bytes> initial_response;
  if (!in.at_end()) {
    if (!in.space()) return nullptr;
    const std::string_view text = in.rest();
    // RFC 4959 3: "=" is an empty response, which is not the same as none.
    initial_response = text == "=" ? bytes{} : base64_decode(text);
    if (!initial_response) {
      in.fail(parse_errc::syntax, "invalid base64");
      return nullptr;
    }
  }
  return std::make_unique<authenticate>(std::string(*mechanism), std::move(initial_response));
}

std::unique_ptr<running_command> make_login(parser& in, bool) {
  if (!in.space()) return nullptr;
  auto user = in.astring();
  if (!user || !in.space()) return nullptr;
  auto password = in.astring();
  if (!password || !in.end()) return nullptr;
  if (!is_utf8(*user) || user->find('\0') != user->npos || password->find('\0') != password->npos) {
    in.fail(parse_errc::syntax, "invalid user name or password");
    return nullptr;
  }
  return std::make_unique<login>(std::move(*user), std::move(*password));
}

std::unique_ptr<running_command> make_starttls(parser& in, bool) {
  if (!in.end()) return nullptr;
  return std::make_unique<starttls>();
}

} // namespace stagepost::imap
