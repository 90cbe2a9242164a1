#pragma once

#include "protocols/smtp_client/reply.hpp"

#include <string>

namespace stagepost::smtp_client {

/// How far a delivery had come. On disk: never renumber.
enum class stage : uint8_t {
  routing, ///< looking for a host
  connect,
  greeting,
  hello,     ///< EHLO, HELO or LHLO
  start_tls, ///< the command and the handshake
  login,
  mail,
  rcpt,
  data,    ///< DATA up to 354
  content, ///< the message itself, up to the last reply
  reset,
  idle, ///< between two transactions
  quit,
};

/// "RCPT TO", as a person reads it in a trace or a bounce.
std::string_view to_string(stage at);

/// What becomes of one recipient. On disk: never renumber.
enum class fate : uint8_t {
  delivered,        ///< the peer answers for it from now on: never send it again
  permanent,        ///< no use to try again
  temporary,        ///< try again later
  next_transaction, ///< the peer takes no more of them at once; send at once, this was no failed attempt
};

/// How a delivery to one recipient, or a whole session before it came to one, ended and why.
struct outcome {
  smtp_client::fate fate = fate::temporary;
  stage at = stage::routing;
  status_code status; ///< always set: the peer's, or the one that fits
  remote_reply reply; ///< code 0: it was not the peer who decided
  std::string reason; ///< in English, where the peer did not say it
  /// The whole message was sent and no answer came: the peer may have it. Trying again may make a second
  /// copy.
  bool maybe_delivered = false;
  bool is_lookup_failure = false;
  /// DLV-02: the DNS says that there is no such place, which is tried less often than a host that does not
  /// answer. A DNS that says nothing at all is no reason to give up sooner.
  bool is_missing = false;
  /// What failed is here and says nothing of the peer or the recipient: it is no attempt.
  bool is_ours = false;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, outcome& x) {
    return f(x.fate, x.at, x.status, x.reply, x.reason, x.maybe_delivered, x.is_lookup_failure, x.is_missing,
             x.is_ours);
  }
};

/// What a reply to a command means for whoever waited for it. 2xx is `delivered`, which of a command before
/// the content means only that it was taken; 3xx is for the session to judge and counts as temporary.
///
/// A refusal before MAIL is about us or the host, not about a recipient: it is temporary whatever its code,
/// so that one bad entry in a block list bounces no mail, except where the host says that it takes no mail at
/// all (RFC 7504).
outcome outcome_of(stage at, const remote_reply& reply);

/// RFC 5321 4.5.3.1.10: the reply to RCPT says that there are too many, not that this one is wrong. 552 is
/// read as 452, unless its enhanced code speaks of something else (a full mailbox).
bool is_too_many_recipients(const remote_reply& reply);

/// What a resolver can answer when there is no host to go to.
enum class lookup_failure : uint8_t {
  no_such_domain, ///< NXDOMAIN
  no_mail_host,   ///< neither MX nor address (RFC 5321 5.1)
  null_mx,        ///< RFC 7505: takes no mail
  malformed_domain,
  server_failure, ///< SERVFAIL, REFUSED, no server reached
  timed_out,
  bogus,       ///< DNSSEC says that the answer is forged
  leads_to_us, ///< the best MX is this server, which does not know the domain (RFC 5321 5.1)
};

/// Null MX, a malformed name and a loop are final at once. A domain that is not there may have a broken zone
/// for an hour: it is tried again as often as the settings say for look-ups (SPOOL-08).
outcome outcome_of(lookup_failure why, std::string_view domain);

/// Why no session came about or one ended without a reply.
enum class connection_failure : uint8_t {
  refused,
  unreachable,
  timed_out,       ///< the deadline of the stage passed
  closed,          ///< the peer closed or the connection broke
  tls_not_offered, ///< policy asks for it
  tls_failed,      ///< no handshake
  tls_not_trusted, ///< the certificate is not the one that policy asks for
  garbage,         ///< what the peer says is no SMTP
  no_mechanism,    ///< none to log in with
  stopped,         ///< by us
};

/// Always temporary. `detail` is appended to the reason.
outcome outcome_of(connection_failure why, stage at, std::string_view detail = {});

/// We refuse or hold a recipient ourselves, before the peer was asked.
outcome own_decision(smtp_client::fate fate, stage at, status_code status, std::string reason);

/// Something is wrong here: temporary, and no attempt.
outcome own_trouble(stage at, std::string reason);

/// What is told when the last retry has failed too: final, with the status of RFC 3463 3.5, X.4.7, unless the
/// last attempt says more (look-ups, addresses, mailboxes, policy).
outcome expired(outcome last_attempt);

} // namespace stagepost::smtp_client
