#pragma once

#include "protocols/base/text.hpp"
#include "protocols/sasl/keys.hpp"
#include "protocols/smtp/session.hpp"

#include <string>
#include <utility>
#include <vector>

namespace stagepost::smtp {

/// A message the session made last.
struct stored_message {
  smtp::envelope envelope;
  bytes content;
  size_t pieces = 0;
};

/// Whoever performs a session's actions, with answers that follow from the words of the question:
/// senders "refused", "poor", and recipients "nobody", "full", "off", "busy" are turned away, so is all of
/// elsewhere.test; "late" fails when the message is made last. The password of everybody is "secret", except
/// that "locked" must wait and "disabled" may not come in.
class fake_environment {
public:
  explicit fake_environment(session_settings settings, peer who = {"192.0.2.7", false}, tls_facts tls = {})
      : session_(std::move(settings), std::move(who), std::move(tls)) {}

  smtp::session& session() { return session_; }
  void start() { perform(session_.start()); }

  void feed(bytes_view input) {
    if (closed_) return;
    if (session_.wants_nonce()) session_.give_nonce(bytes(18, 'n'));
    perform(session_.feed(input, from_unix_milliseconds(1'795'364'373'000))); // 2026-11-22 16:19:33
  }

  void perform(actions todo) {
    for (auto& one : todo) std::visit([&](auto& x) { act(x); }, one);
  }

  /// All replies, with "[tls]", "[close]" and "[abort]" on lines of their own.
  std::string output;
  std::vector<stored_message> stored;
  bytes begun; ///< content of a message not made last yet
  size_t pieces = 0;

private:
  static std::string local_of(const std::string& address) { return address.substr(0, address.find('@')); }

  void act(reply& x) { output += x.text; }
  void act(start_tls&) {
    output += "[tls]\r\n";
    perform(session_.on_tls({"TLSv1.3", "TLS_AES_256_GCM_SHA384", {"exported", ""}}));
  }
  void act(close&) {
    output += "[close]\r\n";
    closed_ = true;
  }
  void act(check_sender& x) {
    const auto who = local_of(x.address);
    perform(session_.on_sender(who == "refused"  ? verdict::refused_by_policy
                               : who == "poor"   ? verdict::out_of_space
                               : who == "others" ? verdict::sender_not_owned
                                                 : verdict::accepted));
  }
  void act(look_up_recipient& x) {
    const auto who = local_of(x.address);
    perform(session_.on_recipient(x.address.ends_with("elsewhere.test") ? verdict::unknown_domain_here
                                  : who == "nobody"                     ? verdict::unknown_user
                                  : who == "full"                       ? verdict::over_quota_temporary
                                  : who == "off"                        ? verdict::mailbox_disabled
                                  : who == "busy"                       ? verdict::temporary_failure
                                                                        : verdict::accepted));
  }
  void act(expand& x) {
    if (x.text == "nobody") return perform(session_.on_expanded(verdict::unknown_user, {}));
    std::vector<std::string> found{"a@example.test"};
    if (x.is_list) found.push_back("b@example.test");
    perform(session_.on_expanded(verdict::accepted, found));
  }
  void act(begin_message& x) {
    begun.clear();
    pieces = 0;
    message_begun answer{verdict::accepted, "Q" + std::to_string(++last_id_)};
    if (local_of(x.envelope.sender) == "nospace") answer.outcome = verdict::out_of_space;
    perform(session_.on_message_begun(answer));
  }
  void act(write_body& x) {
    begun += x.content;
    ++pieces;
  }
  void act(accept_message& x) {
    accepted_message answer;
    for (const auto& one : x.envelope.recipients)
      answer.outcomes.push_back(local_of(one.address) == "late" ? verdict::temporary_failure
                                                                : verdict::accepted);
    stored.push_back({x.envelope, std::exchange(begun, {}), pieces});
    perform(session_.on_accepted(answer));
  }
  void act(abort_message&) {
    output += "[abort]\r\n";
    begun.clear();
  }
  void act(sasl::verify_password& x) {
    const auto outcome = local_of(x.user) == "locked"     ? sasl::login_outcome::too_many_failures
                         : x.password != "secret"         ? sasl::login_outcome::wrong_credentials
                         : local_of(x.user) == "disabled" ? sasl::login_outcome::not_permitted
                         : local_of(x.user) == "slow"     ? sasl::login_outcome::temporary_failure
                                                          : sasl::login_outcome::accepted;
    perform(session_.on_login(outcome, local_of(x.user) + "@example.test"));
  }
  void act(sasl::find_credentials& x) {
    sasl::credentials found;
    found.cram_md5 = sasl::make_cram_md5_state("secret");
    found.scram = sasl::make_scram_keys("secret", "saltsaltsaltsalt", 16, sasl::hash_of(x.used));
    perform(session_.on_credentials(found));
  }
  void act(sasl::finish_login& x) {
    perform(session_.on_login(x.proof_right ? sasl::login_outcome::accepted
                                            : sasl::login_outcome::wrong_credentials,
                              local_of(x.user) + "@example.test"));
  }

  smtp::session session_;
  unsigned last_id_ = 0;
  bool closed_ = false;
};

} // namespace stagepost::smtp
