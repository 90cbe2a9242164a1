#pragma once

#include "protocols/pop3/command.hpp"
#include "protocols/pop3/dot_stuffing.hpp"
#include "protocols/pop3/line_reader.hpp"
#include "protocols/pop3/numbering.hpp"
#include "protocols/pop3/offer.hpp"
#include "protocols/pop3/reply.hpp"
#include "protocols/pop3/session.hpp"
#include "protocols/pop3/top_lines.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace stagepost::pop3 {

/// The inside of a session, for its own sources only: session.cpp reads lines and keeps the questions,
/// login.cpp has the commands of the AUTHORIZATION state, transaction.cpp those of the TRANSACTION state.
struct session::machine {
  enum class stage : uint8_t { authorization, transaction, closed };
  enum class question : uint8_t { none, tls, credentials, login, maildrop, body, deletion };

  /// The message being sent.
  struct reading {
    uint64_t size_bytes = 0;
    bool started = false; ///< its +OK is out, so no -ERR can follow
    dot_stuffing stuffing;
    std::optional<top_lines> top;
  };

  machine(session_settings with, bool tls, sasl::channel_binding binding)
      : settings(std::move(with)), secure(tls), channel(std::move(binding)) {}

  // session.cpp
  void run();
  void perform(bytes_view line);
  void say(bytes_view text);
  void say(answer a) { say(text_of(a)); }
  void say_bad(answer a); ///< of a command that is unknown, malformed or out of place: POP-03 counts them
  void end();
  actions take();
  template <class Asked>
  void ask(question kind, Asked asked) {
    open = kind;
    out.emplace_back(std::move(asked));
  }
  /// Whether an answer is to the open question; closes it.
  bool answered(question kind);
  bytes& reply_text();

  // login.cpp
  void begin_tls();
  void take_user(bytes_view name);
  void take_password(bytes_view password);
  void begin_exchange(const command& with);
  void on_response(bytes_view line);
  void drive(sasl::step step);
  void on_login_ended(sasl::login_outcome outcome);
  offer offered() const { return offer_on(settings, secure, channel); }

  // transaction.cpp
  void perform_transaction(const command& given);
  void list(const command& given);
  void retrieve(const command& given);
  void send_piece(bytes_view piece, bool last, bool failed);
  void quit();
  /// The message `text` names, or nothing after the client was told.
  std::optional<size_t> message_named(std::string_view text);

  session_settings settings;
  bool secure;
  sasl::channel_binding channel;
  stage at = stage::authorization;
  question open = question::none;
  instant now{};
  line_reader lines;
  size_t bad_commands = 0;
  actions out;

  bytes nonce;
  std::string user; // of USER, until PASS
  std::unique_ptr<sasl::exchange> exchange;
  bool expects_response = false;   // the next line belongs to the exchange
  bool expects_empty_line = false; // it answers the exchange's last words

  numbering messages;
  reading body;
  bool top_ended = false; // by the last piece, before the message did
};

} // namespace stagepost::pop3
