#pragma once

#include "protocols/sasl/exchange.hpp"

#include <cstdint>
#include <string_view>

namespace stagepost::pop3 {

/// Every fixed answer of the server. Those with figures in them (STAT, LIST …) are written where they are
/// counted.
enum class answer : uint8_t {
  // +OK
  user_taken,
  tls_begins,
  utf8_on,
  capabilities_follow,
  mechanisms_follow,
  listing_follows,
  uidls_follow,
  lines_follow,
  marked,
  unmarked,
  nothing,
  goodbye,
  goodbye_removed,
  // -ERR
  unknown_command,
  malformed,
  wrong_phase,
  line_too_long,
  too_many_bad_commands,
  too_much_at_once,
  tls_first,
  tls_unavailable,
  tls_already,
  mechanism_unknown,
  bad_base64,
  exchange_malformed,
  exchange_cancelled,
  user_first,
  not_utf8,
  wrong_credentials,
  not_permitted,
  too_many_failures,
  login_unavailable,
  maildrop_unreadable,
  no_such_message,
  already_deleted,
  message_unreadable,
  not_all_removed,
  shutting_down,
};

/// The whole line with its CRLF; the response codes of RFC 2449 8, RFC 3206 4 stand in here and nowhere else.
std::string_view text_of(answer);

/// What a client is told of a login that was not accepted.
answer answer_to(sasl::login_outcome outcome);

} // namespace stagepost::pop3
