#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/smtp/session.hpp"

namespace stagepost::smtp {

/// Every reply with a fixed text that a session can give. Greeting, EHLO and challenges are put together
/// elsewhere.
enum class reply_kind : uint8_t {
  // done
  help,
  ready_for_tls,
  goodbye,
  logged_in,
  okay,
  sender_okay,
  recipient_okay,
  chunk_okay,
  cannot_verify,
  send_content,
  // not now
  shutting_down,
  idle_too_long,
  too_many_bad_commands,
  too_many_bad_recipients,
  too_many_failed_logins,
  throttled,
  temporary_failure,
  quota_full_now,
  no_space,
  too_many_recipients,
  login_not_possible_now,
  // the command cannot be done
  unknown_command,
  not_smtp,
  line_too_long,
  bad_line,
  syntax_error,
  bad_sender_syntax,
  bad_recipient_syntax,
  bad_parameter_value,
  bad_base64,
  login_cancelled,
  not_implemented,
  hello_first,
  sender_first,
  recipient_first,
  sender_twice,
  in_transaction,
  chunks_begun,
  wait_for_reply,
  hello_pipelined,
  spoke_too_early,
  binary_needs_chunks,
  tls_already,
  tls_after_login,
  login_already,
  unknown_mechanism,
  login_needs_tls,
  login_first,
  wrong_credentials,
  user_disabled,
  unknown_parameter,
  needs_smtp_utf8,
  // the mail is refused
  unknown_user,
  relaying_denied,
  mailbox_disabled,
  quota_full,
  sender_not_owned,
  from_not_owned,
  refused_by_policy,
  sender_blocked,
  message_too_large,
  header_too_large,
  content_line_too_long,
  bare_newline,
  delivered_before,
  loop_detected,
};

inline constexpr size_t reply_kinds = size_t(reply_kind::loop_detected) + 1;

/// A line of the table. RFC 2034: the enhanced code is left out where it is empty (RFC 2034 4: 220, 221 of a
/// greeting, 3xx).
struct reply_line {
  reply_kind kind;
  uint16_t code;
  std::string_view enhanced; ///< RFC 3463
  std::string_view text;
};

const reply_line& line_of(reply_kind kind);

/// The whole line with its CRLF; `detail` follows the text after a space.
bytes reply_text(reply_kind kind, std::string_view detail = {});

/// What a verdict that is not `accepted` says to the client.
reply_kind refusal_of(verdict answer);

} // namespace stagepost::smtp
