#pragma once

#include "protocols/smtp/command.hpp"
#include "protocols/smtp/message_intake.hpp"
#include "protocols/smtp/session.hpp"

#include <optional>
#include <utility>

namespace stagepost::smtp {

/// The state behind `session`, and its work by subject: machine.cpp takes the input apart, hello.cpp,
/// transaction.cpp, content.cpp and login.cpp answer it.
struct session::machine {
  /// What the next octets are.
  enum class phase : uint8_t { command, sasl_response, content, chunk, handshake, closed };
  /// What the caller still owes an answer to.
  enum class question : uint8_t {
    none,
    sender,
    recipient,
    expanded,
    message_begun,
    accepted,
    credentials,
    login
  };

  machine(session_settings settings_, peer who_, tls_facts tls_);

  // -- machine.cpp: input and output

  /// Goes on with what is pending and `input`, up to a question or the end of it.
  void take(bytes_view input);
  void take_line(bytes_view& input);
  /// `rest`: what follows the line in the input; STARTTLS throws it away.
  void take_command(std::string_view line, bytes_view& rest);
  void say(bytes_view text);
  void say(reply_kind kind, std::string_view detail = {});
  /// Says what is wrong with a command that is unknown or malformed, or ends the connection when there were
  /// too many.
  void complain(reply_kind kind);
  void hang_up(reply_kind kind);
  void ask(question what, action question_action);
  /// Whether `what` is the open question; it is then taken for answered.
  bool is_answer_to(question what);
  actions take_out();

  // -- hello.cpp
  void on_hello(const command& given, bool more_follows);
  void on_starttls(std::string_view argument, bytes_view& rest);
  void forget_client();
  bool is_secure() const { return !tls.version.empty(); }
  /// RFC 8689 2: only under TLS.
  bool offers_require_tls() const { return settings.require_tls_offered && is_secure(); }
  bool is_submission() const { return settings.kind == session_kind::submission; }

  // -- transaction.cpp
  void on_mail(std::string_view argument);
  void on_rcpt(std::string_view argument);
  void on_verify(const command& given);
  void reset_transaction();
  uint64_t max_message_size_bytes() const;
  size_t max_recipients() const;

  // -- content.cpp
  void on_data(std::string_view argument, bool more_follows);
  void on_bdat(std::string_view argument);
  void begin_content();
  void take_content(bytes_view& input);
  void take_chunk(bytes_view& input);
  void finish_chunk();
  void finish_message();
  void refuse_content(reply_kind why, size_t replies);
  intake_rules rules_of_intake() const;

  // -- login.cpp
  void on_auth(std::string_view argument);
  void on_sasl_line(std::string_view line);
  void perform(sasl::step step);
  void perform_finished(const sasl::finished& end);
  void complete_login();
  void end_exchange();

  session_settings settings;
  peer who;
  tls_facts tls;
  phase now_reading = phase::command;
  question open_question = question::none;
  bool skips_line = false; ///< the line that arrives was too long and is thrown away up to its end
  bool extended = false;   ///< EHLO or LHLO was said
  bool has_sender = false;
  bool waits_for_last_words = false; ///< SCRAM's signature was sent, the client must answer with nothing
  instant now{};
  bytes pending; ///< fed, not taken yet
  actions out;   ///< what this call returns

  std::string hello_name;
  std::string account; ///< canonical address, empty until the login
  std::string coming_account;
  std::vector<std::string> account_domains; ///< further names of the account's domain
  uint64_t account_size_limit_bytes = 0;
  size_t account_recipient_limit = 0;
  mime::time_zone zone; ///< of the account
  size_t bad_commands = 0;
  size_t bad_recipients = 0;

  smtp::envelope envelope; ///< the last recipient is a candidate while `open_question` is recipient
  std::string queue_id;
  bool leaves = false;                    ///< the message has recipients elsewhere
  std::unique_ptr<message_intake> intake; ///< from the answer to begin_message until accept_message
  bdat_command chunk;                     ///< the size is what is still to come
  uint64_t chunk_size_bytes = 0;
  size_t chunk_replies = 1; ///< how many a refusal takes: LMTP answers the last chunk for each recipient
  std::optional<reply_kind> chunk_refusal;

  std::unique_ptr<sasl::exchange> exchange;
  bytes nonce;
};

} // namespace stagepost::smtp
