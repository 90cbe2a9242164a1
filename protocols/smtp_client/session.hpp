#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/smtp/envelope.hpp"
#include "protocols/smtp_client/extensions.hpp"
#include "protocols/smtp_client/login.hpp"
#include "protocols/smtp_client/outcome.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace stagepost::smtp_client {

enum class protocol : uint8_t { smtp, lmtp };

/// `opportunistic`: TLS where it is offered; a handshake that fails still ends the session, and whoever runs
/// it may come back with `never`. `required`: no octet of mail without TLS (DANE, MTA-STS, a gateway's
/// setting).
enum class tls_policy : uint8_t { never, opportunistic, required };

/// What holds for one session.
struct session_settings {
  smtp_client::protocol protocol = protocol::smtp;
  std::string hello_name = "localhost"; ///< how we call ourselves (BIND-16)
  tls_policy tls = tls_policy::opportunistic;
  bool on_tls = false; ///< TLS from the first octet
  /// The session is for mail that must go over TLS all its way (RFC 8689 4.2.1): it ends for good,
  /// with 5.7.10 or 5.7.30, where the peer has no TLS or does not announce REQUIRETLS. With `tls` required,
  /// or `on_tls`.
  bool require_tls = false;
  std::optional<credentials> login; ///< a gateway wants it; without it AUTH is not used
  std::vector<sasl::mechanism> mechanisms = {sasl::mechanism::scram_sha_256, sasl::mechanism::scram_sha_1,
                                             sasl::mechanism::cram_md5, sasl::mechanism::plain,
                                             sasl::mechanism::login};
  bool login_needs_tls = true;  ///< PLAIN and LOGIN wait for TLS
  bytes nonce;                  ///< random octets, at least 18, where `login` is set
  size_t max_recipients = 1000; ///< of one transaction; the peer's own limit counts too
  bool use_chunking = true;     ///< BDAT where it is offered; BINARYMIME uses it in any case
};

/// One message for the peer.
struct transaction {
  /// `body` says what the content is, not what was once declared: see body_of. The recipients are all
  /// those at this peer that have not got it yet.
  smtp::envelope envelope;
  uint64_t size_bytes = 0;  ///< 0: not known (RFC 1870)
  bool header_utf8 = false; ///< the header cannot go without SMTPUTF8 (RFC 6532)
  /// RFC 8689. A message that cannot go so is refused, but not one from <>: a report is worth more than its
  /// protection, and goes without the parameter (RFC 8689 5).
  bool require_tls = false;
  /// No message, a question: would the peer take one for these recipients? Who is `delivered` then it would;
  /// nothing is sent behind RCPT, and RSET takes the envelope back before the next transaction.
  bool asks_only = false;
};

// -- actions
// -------------------------------------------------------------------------------------------------------

/// Send these octets. Awaited; what the peer says meanwhile need not be read, replies to them fit into any
/// buffer.
struct send {
  bytes text;
  bool secret = false; ///< holds what a login sends: not for a trace
};
/// Discard what was read and not yet fed, then shake hands; answered by on_tls.
struct start_tls {};
/// No transaction is open: once all actions are performed and is_ready() still holds, call deliver, or quit,
/// or keep the session for later. A peer that talks on by itself may have ended it in the same breath.
struct ready {};
/// Question: the next piece of the content; answered by on_body. With BDAT each piece becomes a chunk, so it
/// should not be small: 64 KiB and more. Not asked again before the answer. A transaction that ends needs no
/// answer any more.
struct want_body {};
/// The transaction is over: one outcome for each recipient, in order. Those that are `delivered` must never
/// get it again, `next_transaction` ones go into the next.
struct finished {
  std::vector<outcome> outcomes;
  /// The peer took NOTIFY and ORCPT over: reports are its business. Otherwise whoever asked for a success
  /// report gets one that says "relayed" (RFC 3461 5.2.2).
  bool peer_reports = false;
};
/// There will be no transaction in this session any more, and none was open: another host may do, or another
/// time.
struct failed {
  outcome why;
};
/// Send what is queued, then close. Always the last action.
struct close {};

using action = std::variant<send, start_tls, ready, want_body, finished, failed, close>;
using actions = std::vector<action>;

// -- deadlines
// -----------------------------------------------------------------------------------------------------

/// What is being waited for: RFC 5321 4.5.3.2 has a time for each.
enum class deadline : uint8_t {
  none,        ///< for the caller, not for the peer
  greeting,    ///< 4.5.3.2.1, 5 minutes
  hello,       ///< EHLO, STARTTLS, AUTH: RFC 5321 has no time of their own, 5 minutes as for MAIL
  handshake,   ///< TLS
  mail,        ///< 4.5.3.2.2, 5 minutes
  rcpt,        ///< 4.5.3.2.3, 5 minutes
  data_begins, ///< 4.5.3.2.4, 2 minutes
  data_block,  ///< 4.5.3.2.5, 3 minutes; for each send of content
  data_ends,   ///< 4.5.3.2.6, 10 minutes: too short a time makes copies (RFC 1047)
  reset,
  quit,
};

/// What RFC 5321 4.5.3.2 gives a peer at least.
std::chrono::seconds least_time(deadline which);

/// One SMTP or LMTP session seen from the client (RFC 5321, RFC 2033): octets of the server in, actions out.
/// It never acts and never waits. Several transactions may follow each other. Each recipient handed to
/// `deliver` gets exactly one outcome; before the first transaction and between two of them trouble is told
/// by `failed`. After `close` nothing comes any more.
class session {
public:
  explicit session(session_settings settings);
  ~session();
  session(session&&) noexcept;
  session& operator=(session&&) noexcept;

  /// Octets of the server, cut anywhere. Octets behind the reply to STARTTLS are dropped (RFC 3207 6).
  actions feed(bytes_view input);
  /// The handshake that start_tls asked for is done, or failed for the reason given: empty means done.
  actions on_tls(std::string_view failure);
  /// Begins a transaction; only after `ready`. Recipients that the peer cannot take are decided at once:
  /// addresses it cannot be told (5.6.7), a message that is too large (5.3.4), a content it cannot read
  /// (5.6.3).
  actions deliver(transaction what);
  /// The next piece of the content; `last` when none follows.
  actions on_body(bytes_view piece, bool last);
  /// The content cannot be read to its end: the connection is closed so that the peer throws away what it
  /// has.
  actions on_body_lost(std::string_view reason);
  /// QUIT; only between transactions.
  actions quit();

  /// The time for deadline() has passed.
  actions on_timeout();
  /// The peer closed, or the connection broke.
  actions on_closed();
  /// We must stop: an open transaction ends, what was not taken is temporary.
  actions on_shutdown();

  smtp_client::deadline deadline() const;
  /// False while the handshake runs and after close.
  bool wants_input() const;
  /// Between transactions and usable.
  bool is_ready() const;
  bool is_secure() const;
  const peer_extensions& peer() const;
  /// The host name in the greeting; empty before it.
  const std::string& peer_name() const;
  /// Transactions that have ended.
  size_t transactions() const;
  /// Whole replies that came: a deadline begins anew with each, and not with each octet.
  size_t replies() const;

private:
  struct machine;
  std::unique_ptr<machine> machine_;
};

} // namespace stagepost::smtp_client
