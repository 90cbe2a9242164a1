#pragma once

#include "protocols/smtp_client/content_writer.hpp"
#include "protocols/smtp_client/session.hpp"

#include <deque>
#include <utility>

namespace stagepost::smtp_client {

/// The state behind `session`, and its work by subject: machine.cpp takes replies and ends things,
/// opening.cpp leads up to the first transaction, transaction.cpp is the envelope, content.cpp the message.
struct session::machine {
  enum class phase : uint8_t {
    opening, ///< greeting up to login
    handshake,
    ready,
    envelope, ///< RSET, MAIL, RCPT, DATA
    content,  ///< pieces are asked for and sent
    ending,   ///< all was sent
    quitting,
    closed,
  };

  /// A reply that the peer owes us.
  struct expected {
    stage at;
    size_t recipient = 0; ///< of RCPT, and of LMTP's replies at the end
  };

  explicit machine(session_settings settings_) : settings(std::move(settings_)) {}

  // -- machine.cpp
  void take(bytes_view input);
  void take_reply(const remote_reply& reply, bytes_view& rest);
  void say(bytes_view text);
  void ask(bytes_view text, stage at, size_t recipient = 0);
  stage current_stage() const;
  /// The session cannot go on: what is open ends with `why`, then the connection.
  void lose(outcome why);
  /// As lose, with a QUIT for a peer that still listens.
  void give_up(outcome why);
  void hang_up();
  actions take_out() { return std::exchange(out, {}); }

  // -- opening.cpp
  void on_greeting(const remote_reply& reply);
  void say_hello(bool extended);
  void on_hello(const remote_reply& reply);
  /// What comes next once the extensions are known: TLS, login or mail.
  void proceed();
  void on_start_tls(const remote_reply& reply, bytes_view& rest);
  void begin_login();
  void on_login(const remote_reply& reply);
  void ask_secretly(bytes text);
  void become_ready();

  // -- transaction.cpp
  void begin(transaction what);
  void spell_domains_in_ascii();
  std::optional<outcome> refusal_of_all() const;
  std::optional<outcome> refusal_of(const smtp::recipient& whom) const;
  void choose_recipients();
  /// Sends what may be sent before the next reply.
  void pump();
  bool send_next_command();
  bool may_send_data() const;
  void on_reset(const remote_reply& reply);
  void on_mail(const remote_reply& reply);
  void on_rcpt(const remote_reply& reply, size_t recipient);
  void on_data(const remote_reply& reply);
  void decide(size_t recipient, outcome what);
  void decide_accepted(const outcome& what);
  /// The outcome of all that are not decided.
  void decide_rest(const outcome& what);
  void finish_if_done();
  void finish_transaction();

  // -- content.cpp
  void begin_content();
  void ask_for_body();
  void send_piece(bytes_view piece, bool last);
  void send_chunk(bytes_view piece, bool last);
  void expect_end();
  void on_content(const remote_reply& reply, size_t recipient);
  void on_chunk(const remote_reply& reply);
  void on_early_reply(const remote_reply& reply);

  /// Only what was said under TLS counts: before the handshake it may be anybody's word.
  bool takes_require_tls() const { return secure && peer.require_tls; }
  bool is_lmtp() const { return settings.protocol == protocol::lmtp; }
  bool in_transaction() const { return !undecided.empty(); }

  session_settings settings;
  phase now = phase::opening;
  reply_reader reader;
  std::deque<expected> waiting{{stage::greeting}};
  actions out;
  peer_extensions peer;
  std::string peer_name;
  bool secure = settings.on_tls;
  bool extended = false;    ///< EHLO or LHLO was said last
  bool tls_refused = false; ///< opportunistic: go on without

  std::unique_ptr<login_exchange> login;
  std::vector<sasl::mechanism> tried;
  bool login_cancelled = false;

  transaction mail;
  std::vector<std::optional<outcome>> undecided; ///< a place for each recipient; empty: no transaction
  std::vector<size_t> chosen;                    ///< recipients that are sent in this transaction
  std::vector<size_t> accepted;                  ///< of them, those the peer took
  size_t next_rcpt = 0;                          ///< place in `chosen`
  size_t transactions = 0;
  size_t replies = 0;
  bool reset_needed = false; ///< the peer may still have parts of the last envelope
  bool mail_sent = false;
  bool mail_refused = false;
  bool data_sent = false;

  bool chunked = false;
  bool body_wanted = false;
  bool body_sent = false;
  bool nobody_takes_it = false; ///< 354 came, but no recipient was taken: an empty content ends that
  size_t open_chunks = 0;       ///< whose replies are to come; none of them the last
  newline_guard newlines;
  dot_writer dots;
};

} // namespace stagepost::smtp_client
