#pragma once

#include "protocols/pop3/session.hpp"

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace stagepost::pop3 {

/// Plays the connection for a session under test: alice has the password "secret" and these messages.
/// Collects what the client would see and what was removed.
struct fake_host {
  struct message {
    uint32_t uid;
    bytes content;
  };

  std::vector<message> mail;
  bool maildrop_opens = true;
  bool removing_works = true;
  size_t piece_bytes = 4096;     ///< how messages are cut for on_body
  uint32_t unreadable_uid = 0;   ///< fails before its first piece
  uint32_t cut_off_uid = 0;      ///< fails after its first piece
  sasl::channel_binding channel; ///< what the handshake will bring
  sasl::login_outcome right_password_gives = sasl::login_outcome::accepted;

  session under_test;
  bytes seen; ///< by the client
  std::vector<uint32_t> removed;
  size_t pieces_given = 0;
  bool closed = false;
  bool handshake_done = false;

  explicit fake_host(session_settings settings, bool on_tls = false)
      : under_test(std::move(settings), on_tls, {}) {
    perform(under_test.start());
  }

  /// Feeds `input` cut into pieces of `step` octets. Bytes behind STLS are lost with the plain line.
  void feed(bytes_view input, size_t step = bytes::npos) {
    while (!input.empty() && !closed) {
      if (under_test.wants_nonce()) under_test.give_nonce("a nonce of eighteen octets or more");
      const auto piece = input.substr(0, step);
      input.remove_prefix(piece.size());
      handshake_done = false;
      perform(under_test.feed(piece, instant{}));
      if (handshake_done) return;
    }
  }

  /// What the client sees from here on.
  bytes ask(bytes_view input) {
    seen.clear();
    feed(input);
    return seen;
  }

  void perform(actions todo) {
    for (auto& one : todo) std::visit([this](auto& asked) { act(asked); }, one);
  }

  void act(reply& said) { seen += said.text; }
  void act(close&) { closed = true; }
  void act(start_tls&) {
    handshake_done = true;
    perform(under_test.on_tls(channel));
  }
  void act(sasl::verify_password& asked) {
    const bool right = asked.user == "alice" && asked.password == "secret";
    perform(under_test.on_login(right ? right_password_gives : sasl::login_outcome::wrong_credentials));
  }
  void act(sasl::find_credentials&) { perform(under_test.on_credentials({})); }
  void act(sasl::finish_login& asked) {
    perform(under_test.on_login(asked.proof_right ? right_password_gives
                                                  : sasl::login_outcome::wrong_credentials));
  }
  void act(open_maildrop&) {
    maildrop listed;
    listed.opened = maildrop_opens;
    listed.uid_validity = 7;
    for (const auto& one : mail) listed.messages.push_back({stagepost::uid{one.uid}, one.content.size()});
    perform(under_test.on_maildrop(std::move(listed)));
  }
  void act(read_message& asked) {
    const auto found =
        std::find_if(mail.begin(), mail.end(), [&](const message& m) { return m.uid == asked.uid.value; });
    if (found == mail.end() || asked.uid.value == unreadable_uid)
      return perform(under_test.on_body({}, true, true));
    bytes_view rest = found->content;
    for (bool last = false; !last;) {
      if (asked.uid.value == cut_off_uid && rest.size() < found->content.size())
        return perform(under_test.on_body({}, true, true));
      const auto piece = rest.substr(0, piece_bytes);
      rest.remove_prefix(piece.size());
      ++pieces_given;
      last = rest.empty();
      auto todo = under_test.on_body(piece, last, false);
      last |= under_test.enough();
      perform(std::move(todo));
    }
  }
  void act(delete_messages& asked) {
    for (const auto one : asked.uids) removed.push_back(one.value);
    perform(under_test.on_deleted(removing_works));
  }
};

/// Settings of an ordinary listener with STLS.
inline session_settings ordinary_settings() {
  session_settings settings;
  settings.host_name = "mail.example.test";
  settings.banner = "mail.example.test POP3";
  settings.tls_offered = true;
  settings.login_needs_tls = false;
  settings.mechanisms = {sasl::mechanism::plain, sasl::mechanism::scram_sha_256,
                         sasl::mechanism::scram_sha_256_plus};
  return settings;
}

/// Three messages: an ordinary one, one with lines that begin with dots, one without a line end at its end.
inline std::vector<fake_host::message> ordinary_mail() {
  return {{3, "Subject: one\r\n\r\nfirst line\r\nsecond line\r\nthird line\r\n"},
          {5, "Subject: dots\r\n\r\n.\r\n..two\r\n.three\r\n"},
          {9, "Subject: cut\r\n\r\nno line end"}};
}

} // namespace stagepost::pop3
