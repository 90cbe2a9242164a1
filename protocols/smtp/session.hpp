#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"
#include "protocols/mime/time_zone.hpp"
#include "protocols/sasl/exchange.hpp"
#include "protocols/smtp/envelope.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace stagepost::smtp {

/// What a listener is for. Submission takes nothing without a login (SMTPIN-15); LMTP (RFC 2033) is for
/// trusted peers, answers for each recipient and never relays.
enum class session_kind : uint8_t { relay, submission, lmtp };

enum class bare_newline : uint8_t { refuse, normalise };
enum class received_policy : uint8_t { all, authenticated, none };
enum class sender_match : uint8_t { none, domain, address };

/// What holds for one connection: the settings, resolved by whoever accepted it. Zero means "no limit" only
/// where said.
struct session_settings {
  session_kind kind = session_kind::relay;
  std::string host_name = "localhost"; ///< what we call ourselves (BIND-16)
  std::string banner;                  ///< SMTPIN-01 with its variables filled in; one line
  bool tls_offered = false;            ///< STARTTLS is announced while the line is plain
  /// REQUIRETLS is announced under TLS (RFC 8689): what it demands of the way out can be had there.
  bool require_tls_offered = false;
  bool login_needs_tls = true;             ///< mechanisms that send the password wait for TLS
  std::vector<sasl::mechanism> mechanisms; ///< as policy allows; filtered again by TLS and channel binding
  uint64_t max_message_size_bytes = 0;     ///< SMTPIN-13, DOM-63; 0: no limit
  size_t max_recipients = 1000;            ///< at least 100 (RFC 5321 4.5.3.1.8)
  size_t max_bad_commands = 8;             ///< SMTPIN-10; 0: no limit
  size_t max_bad_recipients = 20;          ///< SMTPIN-14; 0: no limit
  size_t max_hop_count = 20;               ///< SMTPIN-12
  size_t max_line_bytes = 65536;           ///< of message content
  size_t max_header_bytes = 1048576;       ///< of the message's header block
  bool vrfy = false;                       ///< SMTPIN-19
  bool expn = false;                       ///< SMTPIN-20
  bare_newline bare = bare_newline::refuse;
  received_policy append_received = received_policy::all; ///< SMTPIN-17
  bool received_hides_client = false;                     ///< DOM-30
  bool tells_authenticated = false;        ///< SMTPOUT-10: mail that leaves says which account sent it
  sender_match match = sender_match::none; ///< SMTPIN-18, against the From header and the envelope
};

/// Who is at the other end.
struct peer {
  std::string address; ///< "192.0.2.1" or "2001:db8::1"; "unix" for a local socket
  bool on_tls = false; ///< TLS from the first byte
};

/// What the handshake settled; empty `version` means a plain line.
struct tls_facts {
  std::string version; ///< "TLSv1.3"
  std::string cipher;
  sasl::channel_binding channel;
};

// -- actions
// -------------------------------------------------------------------------------------------------------

/// Send these octets. Awaited, so a peer that does not read stops us from reading.
struct reply {
  bytes text;
};
/// Discard what was read and not yet fed, then shake hands; answered by on_tls.
struct start_tls {};
/// Send what is queued, then close.
struct close {};

/// Question at MAIL: may this sender send here? Answered by on_sender. Carries what a policy may look at.
struct check_sender {
  std::string address; ///< empty for <>
  uint64_t declared_size_bytes = 0;
};
/// Question at RCPT: answered by on_recipient.
struct look_up_recipient {
  std::string address;
};
/// Question at VRFY or EXPN: answered by on_expanded.
struct expand {
  std::string text;
  bool is_list = false; ///< EXPN
};
/// Question: a message is about to come; is there room, and what is it called? Answered by on_message_begun.
struct begin_message {
  smtp::envelope envelope;
};
/// A piece of the message as it is to be kept, at most about 256 KiB. No answer; the next bytes are fed once
/// it is taken. A failure to take it is told by the answer to accept_message.
struct write_body {
  bytes content;
};
/// Question: the message is whole; make it last. Answered by on_accepted, once it is on disk.
struct accept_message {
  smtp::envelope envelope;
};
/// The message begun will not be finished.
struct abort_message {};

using action = std::variant<reply, start_tls, close, check_sender, look_up_recipient, expand, begin_message,
                            write_body, accept_message, abort_message, sasl::verify_password,
                            sasl::find_credentials, sasl::finish_login>;
using actions = std::vector<action>;

// -- answers
// -------------------------------------------------------------------------------------------------------

enum class verdict : uint8_t {
  accepted,
  unknown_user,            ///< 550 5.1.1
  unknown_domain_here,     ///< 550 5.7.1 relaying denied
  authentication_required, ///< 530 5.7.0
  over_quota_temporary,    ///< 452 4.2.2
  over_quota_permanent,    ///< 552 5.2.2
  mailbox_disabled,        ///< 550 5.2.1
  sender_not_owned,        ///< 553 5.7.1 not yours to send from
  refused_by_policy,       ///< 550 5.7.1
  sender_blocked,          ///< 550 5.7.1: SEC-16
  throttled,               ///< 450 4.7.1: enough for this hour (DOM-72)
  message_too_large,       ///< 552 5.3.4
  too_many_recipients,     ///< 452 4.5.3, per-sender limit (DOM-64)
  loop_detected,           ///< 554 5.4.6: it was delivered there before
  out_of_space,            ///< 452 4.3.1
  temporary_failure,       ///< 451 4.3.0
};

struct message_begun {
  verdict outcome = verdict::temporary_failure;
  std::string queue_id; ///< goes into Received, the 250 and the trace
  bool leaves = false;  ///< some of its recipients are elsewhere, or may be
};

struct accepted_message {
  /// One for SMTP; one per accepted recipient, in order, for LMTP.
  std::vector<verdict> outcomes;
  std::string detail = {}; ///< words behind the text of refusals
};

/// One SMTP or LMTP connection seen from the server: bytes in, actions out (RFC 5321, RFC 2033). It never
/// acts and never waits. At most one question is open at a time and it is the last of the actions returned;
/// until its answer comes the session takes no input: whoever feeds it holds back (`wants_input`). Input fed
/// in one call may hold many pipelined commands (RFC 2920); what follows a question is kept, bounded by what
/// was fed.
class session {
public:
  session(session_settings settings, peer who, tls_facts tls);
  ~session();
  session(session&&) noexcept;
  session& operator=(session&&) noexcept;

  /// The greeting; a client that spoke before it is refused by on_early_talk.
  actions start();
  /// Bytes were there before the greeting was sent (RFC 5321 3.1): 554 and close.
  actions on_early_talk();

  actions feed(bytes_view input, instant now);
  bool wants_input() const;

  actions on_tls(const tls_facts& tls);
  /// `detail`: words behind the text of a refusal.
  actions on_sender(verdict answer, std::string_view detail = {});
  actions on_recipient(verdict answer, std::string_view detail = {});
  actions on_expanded(verdict answer, const std::vector<std::string>& addresses);
  actions on_message_begun(const message_begun& answer);
  actions on_accepted(const accepted_message& answer);
  actions on_credentials(const sasl::credentials& found);
  /// `address`: the canonical address of the account, used for sender matching, Received and limits.
  actions on_login(sasl::login_outcome outcome, const std::string& address);
  /// The limits of the account that logs in (DOM-63, DOM-64, USR-10); 0 leaves the listener's. This and the
  /// next two come before on_login, which goes on with commands that were sent behind the login.
  void limit_to(uint64_t max_message_size_bytes, size_t max_recipients);
  /// Further names of that account's domain, canonical: its users may call themselves by them too (DOM-82).
  void know_domains(std::vector<std::string> names);
  /// A Date added to what the account sends tells the time of its zone (RFC 6409 8.2); UTC until then.
  void use_time_zone(mime::time_zone zone);
  /// Received says nothing of the client's address from now on: the domain of who logged in wants it so
  /// (DOM-30).
  void hide_client();

  /// Random octets for the next SASL exchange (at least 18); ask for it after each feed that used it up.
  bool wants_nonce() const;
  void give_nonce(bytes_view nonce);

  /// No bytes came for the time limit, or the server stops: 421 and close (RFC 5321 3.8).
  actions on_timeout();
  actions on_shutdown();

  // For the trace and the log.
  const std::string& helo_name() const;
  const std::string& authenticated_as() const; ///< empty: nobody
  bool is_secure() const;

private:
  struct machine;
  std::unique_ptr<machine> machine_;
};

} // namespace stagepost::smtp
