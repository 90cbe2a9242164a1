#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"
#include "protocols/imap/parser.hpp"
#include "protocols/imap/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stagepost::imap {

/// Every way a command can end, and every BYE. The words stand in one table, response.cpp.
enum class answer : uint8_t {
  completed,
  logged_in,
  begin_tls,
  read_write,
  read_only,
  conditional_store_failed, ///< OK [MODIFIED …], RFC 7162 3.1.3
  some_expunged,
  all_expunged,
  idle_ended,
  begin_compression,

  no_such_mailbox,
  try_create,
  already_exists,
  not_permitted,
  cannot,
  invalid_mailbox_name,
  over_quota,
  too_big,
  limit_reached,
  has_children,
  in_use,
  unavailable,
  mailbox_is_read_only,
  unknown_charset,
  unknown_use,
  empty_message,
  bad_url,
  nothing_to_replace,
  no_such_quota_root,
  no_such_user,
  unknown_encoding,
  privacy_required,
  wrong_credentials,
  login_not_permitted,
  login_too_often,
  login_unavailable,
  no_nonce,
  unsupported_mechanism,
  compression_active,
  unknown_language,
  batch_too_small,
  too_many_messages,
  unknown_event,

  syntax,
  unknown_command,
  wrong_state,
  invalid_tag,
  line_too_long,
  literal_too_long,
  too_complex,
  unknown_flag,
  no_such_message,
  authentication_cancelled,
  invalid_base64,
  done_expected,
  not_enabled,
  uid_required,

  bye_logout,
  bye_too_many_errors,
  bye_too_many_logins,
  bye_timeout,
  bye_shutdown,
  bye_mailbox_gone,
  bye_unparsable,
};

/// "OK", "NO", "BAD" or "BYE"; the response code without brackets, maybe empty; the text.
struct answer_text {
  std::string_view status;
  std::string_view code;
  std::string_view text;
};

const answer_text& text_of(answer which);

/// How a question's outcome is told. `for_new_message`: where RFC 3501 6.3.11 and 6.4.7 want TRYCREATE.
answer answer_for(outcome result, bool for_new_message = false);
answer answer_for(parse_errc error);

void write_number(bytes& out, uint64_t number);
/// A quoted string where it can be one, else a literal (RFC 3501 4.3). NUL, which neither may hold, becomes a
/// space.
void write_string(bytes& out, std::string_view text);
/// NIL for nothing.
void write_nstring(bytes& out, const std::optional<std::string>& text);
/// An atom where it can be one, else as write_string.
void write_astring(bytes& out, std::string_view text);
/// A string that may hold UTF-8, quoted where it can be, for who has enabled that (RFC 6855 3). What is not
/// well-formed goes as a literal.
void write_utf8_string(bytes& out, std::string_view text);
/// A UTF-8 name in modified UTF-7, quoted.
void write_mailbox(bytes& out, std::string_view name);
/// `date-time` in UTC: "17-Jul-1996 02:44:25 +0000", with quotes.
void write_date_time(bytes& out, instant at, std::chrono::minutes zone = {});

} // namespace stagepost::imap
