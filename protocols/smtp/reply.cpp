#include "protocols/smtp/reply.hpp"

#include <array>

namespace stagepost::smtp {

namespace {

using enum reply_kind;

/// In the order of `reply_kind`.
constexpr std::array<reply_line, reply_kinds> table{{
    {help, 214, "2.0.0", "See RFC 5321"},
    {ready_for_tls, 220, "2.0.0", "Ready to start TLS"},
    {goodbye, 221, "2.0.0", "Goodbye"},
    {logged_in, 235, "2.7.0", "Authentication succeeded"},
    {okay, 250, "2.0.0", "OK"},
    {sender_okay, 250, "2.1.0", "Sender OK"},
    {recipient_okay, 250, "2.1.5", "Recipient OK"},
    {chunk_okay, 250, "2.0.0", "Octets received:"},
    {cannot_verify, 252, "2.5.0", "Cannot verify the user, but will take the message and try"},
    {send_content, 354, "", "Send the message, end with <CRLF>.<CRLF>"},

    {shutting_down, 421, "4.3.2", "The service is shutting down"},
    {idle_too_long, 421, "4.4.2", "Timeout"},
    {too_many_bad_commands, 421, "4.7.0", "Too many bad commands"},
    {too_many_bad_recipients, 421, "4.7.0", "Too many unknown recipients"},
    {too_many_failed_logins, 421, "4.7.0", "Too many failed logins, try again later"},
    {reply_kind::throttled, 450, "4.7.1", "The hourly limit is reached, try again"},
    {reply_kind::temporary_failure, 451, "4.3.0", "Temporary failure, try again later"},
    {quota_full_now, 452, "4.2.2", "The mailbox is full"},
    {no_space, 452, "4.3.1", "Not enough space, try again later"},
    {reply_kind::too_many_recipients, 452, "4.5.3", "Too many recipients"},
    {login_not_possible_now, 454, "4.7.0", "Temporary authentication failure"},

    {unknown_command, 500, "5.5.1", "Unknown command"},
    {not_smtp, 554, "5.5.0", "This is an SMTP server"},
    {line_too_long, 500, "5.5.6", "Command line too long"},
    {bad_line, 500, "5.5.2", "Control characters in the command, or a line that does not end in CRLF"},
    {syntax_error, 501, "5.5.4", "Syntax error in the arguments"},
    {bad_sender_syntax, 501, "5.1.7", "Bad sender address syntax"},
    {bad_recipient_syntax, 501, "5.1.3", "Bad recipient address syntax"},
    {bad_parameter_value, 501, "5.5.4", "Bad parameter value"},
    {bad_base64, 501, "5.5.2", "Cannot decode the response"},
    {login_cancelled, 501, "5.7.0", "Authentication cancelled"},
    {not_implemented, 502, "5.5.1", "Command not implemented"},
    {hello_first, 503, "5.5.1", "Say hello first"},
    {sender_first, 503, "5.5.1", "MAIL first"},
    {recipient_first, 503, "5.5.1", "No valid recipients"},
    {sender_twice, 503, "5.5.1", "Sender already given"},
    {in_transaction, 503, "5.5.1", "Not within a mail transaction"},
    {chunks_begun, 503, "5.5.1", "Not between chunks"},
    {wait_for_reply, 503, "5.5.1", "Content was sent before the reply to DATA"},
    {hello_pipelined, 554, "5.5.1", "Commands were sent before the reply to the hello"},
    {spoke_too_early, 554, "5.5.1", "Commands were sent before the greeting"},
    {binary_needs_chunks, 503, "5.5.1", "BINARYMIME needs BDAT"},
    {tls_already, 503, "5.5.1", "TLS already active"},
    {tls_after_login, 503, "5.5.1", "Already authenticated"},
    {login_already, 503, "5.5.1", "Already authenticated"},
    {unknown_mechanism, 504, "5.5.4", "Unknown authentication mechanism"},
    {login_needs_tls, 538, "5.7.11", "Encryption required for this authentication mechanism"},
    {login_first, 530, "5.7.0", "Authentication required"},
    {reply_kind::wrong_credentials, 535, "5.7.8", "Authentication credentials invalid"},
    {user_disabled, 525, "5.7.13", "User account disabled"},
    {unknown_parameter, 555, "5.5.4", "Unknown parameter"},
    {needs_smtp_utf8, 553, "5.6.7", "The address needs SMTPUTF8"},

    {reply_kind::unknown_user, 550, "5.1.1", "No such user here"},
    {relaying_denied, 550, "5.7.1", "Relaying denied"},
    {reply_kind::mailbox_disabled, 550, "5.2.1", "The mailbox is disabled"},
    {quota_full, 552, "5.2.2", "The mailbox is full"},
    {reply_kind::sender_not_owned, 553, "5.7.1", "Not your address to send from"},
    {from_not_owned, 550, "5.7.1", "The From field does not name the authenticated user"},
    {reply_kind::refused_by_policy, 550, "5.7.1", "Refused by policy"},
    {reply_kind::sender_blocked, 550, "5.7.1", "The administrator of this server has blocked the sender"},
    {reply_kind::message_too_large, 552, "5.3.4", "Message too large"},
    {header_too_large, 552, "5.3.4", "Message header too large"},
    {content_line_too_long, 552, "5.6.0", "A line of the message is too long"},
    {bare_newline, 550, "5.6.11", "The message has a bare carriage return or line feed"},
    {delivered_before, 554, "5.4.6", "The message was delivered to this mailbox before"},
    {reply_kind::loop_detected, 554, "5.4.6", "Too many hops"},
}};

constexpr bool is_in_order() {
  for (size_t i = 0; i < table.size(); ++i)
    if (size_t(table[i].kind) != i) return false;
  return true;
}
static_assert(is_in_order());

} // namespace

const reply_line& line_of(reply_kind kind) { return table[size_t(kind)]; }

bytes reply_text(reply_kind kind, std::string_view detail) {
  const auto& line = line_of(kind);
  bytes out = std::to_string(line.code);
  for (const auto part : {line.enhanced, line.text, detail}) {
    if (part.empty()) continue;
    out.push_back(' ');
    out += part;
  }
  out += "\r\n";
  return out;
}

reply_kind refusal_of(verdict answer) {
  switch (answer) {
  case verdict::unknown_user: return reply_kind::unknown_user;
  case verdict::unknown_domain_here: return relaying_denied;
  case verdict::authentication_required: return login_first;
  case verdict::over_quota_temporary: return quota_full_now;
  case verdict::over_quota_permanent: return quota_full;
  case verdict::mailbox_disabled: return reply_kind::mailbox_disabled;
  case verdict::sender_not_owned: return reply_kind::sender_not_owned;
  case verdict::refused_by_policy: return reply_kind::refused_by_policy;
  case verdict::sender_blocked: return reply_kind::sender_blocked;
  case verdict::throttled: return reply_kind::throttled;
  case verdict::message_too_large: return reply_kind::message_too_large;
  case verdict::too_many_recipients: return reply_kind::too_many_recipients;
  case verdict::loop_detected: return delivered_before;
  case verdict::out_of_space: return no_space;
  case verdict::accepted:
  case verdict::temporary_failure: break;
  }
  return reply_kind::temporary_failure;
}

} // namespace stagepost::smtp
