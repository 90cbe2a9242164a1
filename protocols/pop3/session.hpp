#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"
#include "protocols/sasl/exchange.hpp"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace stagepost::pop3 {

/// What holds for one connection: the settings, resolved by whoever accepted it.
struct session_settings {
  std::string host_name = "localhost";
  std::string banner; ///< POP-01 with its variables filled in; one line
  bool tls_offered = false;
  bool login_needs_tls = true;
  std::vector<sasl::mechanism> mechanisms;
  size_t max_bad_commands = 8; ///< POP-03; 0: no limit
};

// -- actions ------------------------------------------------------------------------------------------------

struct reply {
  bytes text;
};
/// Discard what was read and not yet fed, then shake hands; answered by on_tls.
struct start_tls {};
struct close {};

/// Question: list the maildrop of the account that logged in; answered by on_maildrop.
struct open_maildrop {};
/// Question: answered by on_body for each piece in order (none kept longer than the call), at last with
/// `last` set.
struct read_message {
  stagepost::uid uid;
  uint64_t size_bytes = 0;
  bool header_and_lines = false; ///< TOP: pieces stop being delivered once the session answers `enough()`
};
/// Question at QUIT: remove these for good; answered by on_deleted.
struct delete_messages {
  std::vector<stagepost::uid> uids;
};

using action = std::variant<reply, start_tls, close, open_maildrop, read_message, delete_messages,
                            sasl::verify_password, sasl::find_credentials, sasl::finish_login>;
using actions = std::vector<action>;

// -- answers ------------------------------------------------------------------------------------------------

struct listed_message {
  stagepost::uid uid;
  uint64_t size_bytes = 0;
};

/// The INBOX as it was at login; RFC 1939 numbers stand for the whole session.
struct maildrop {
  bool opened = false;       ///< false: store not readable, [SYS/TEMP]
  uint32_t uid_validity = 0; ///< with the UID it makes the UIDL
  std::vector<listed_message> messages;
};

/// One POP3 connection seen from the server, pure (RFC 1939, 2449, 2595, 3206, 5034, 6856). Same rules as
/// smtp::session: at most one question is open, it is the last action, and until answered no input is wanted.
class session {
public:
  session(session_settings settings, bool on_tls, sasl::channel_binding channel);
  ~session();
  session(session&&) noexcept;
  session& operator=(session&&) noexcept;

  actions start();
  actions feed(bytes_view input, instant now);
  bool wants_input() const;

  actions on_tls(const sasl::channel_binding& channel);
  actions on_credentials(const sasl::credentials& found);
  actions on_login(sasl::login_outcome outcome);
  actions on_maildrop(maildrop listed);
  /// `failed`: the message cannot be read (gone, damaged, disk): -ERR if nothing was sent yet, else the line
  /// is cut.
  actions on_body(bytes_view piece, bool last, bool failed);
  /// Whether the piece just delivered was all that TOP needs: the question is answered, and on_body must not
  /// be called for this message again.
  bool enough() const;
  actions on_deleted(bool all_removed);

  bool wants_nonce() const;
  void give_nonce(bytes_view nonce);

  actions on_timeout();
  actions on_shutdown();

private:
  struct machine;
  std::unique_ptr<machine> machine_;
};

} // namespace stagepost::pop3
