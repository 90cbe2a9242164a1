#include "protocols/pop3/reply.hpp"

namespace stagepost::pop3 {

std::string_view text_of(answer a) {
  switch (a) {
  case answer::user_taken: return "+OK Password?\r\n";
  case answer::tls_begins: return "+OK Begin TLS negotiation\r\n";
  case answer::utf8_on: return "+OK UTF-8 enabled\r\n";
  case answer::capabilities_follow: return "+OK Capabilities follow\r\n";
  case answer::mechanisms_follow: return "+OK Mechanisms follow\r\n";
  case answer::listing_follows: return "+OK Listing follows\r\n";
  case answer::uidls_follow: return "+OK Unique ids follow\r\n";
  case answer::lines_follow: return "+OK Top of message follows\r\n";
  case answer::marked: return "+OK Marked for deletion\r\n";
  case answer::unmarked: return "+OK Nothing is marked for deletion\r\n";
  case answer::nothing: return "+OK\r\n";
  case answer::goodbye: return "+OK Goodbye\r\n";
  case answer::goodbye_removed: return "+OK Marked messages removed, goodbye\r\n";
  case answer::unknown_command: return "-ERR Unknown command\r\n";
  case answer::malformed: return "-ERR Wrong or missing argument\r\n";
  case answer::wrong_phase: return "-ERR Not allowed now\r\n";
  case answer::line_too_long: return "-ERR Line too long\r\n";
  case answer::too_many_bad_commands: return "-ERR Too many bad commands\r\n";
  case answer::too_much_at_once: return "-ERR [SYS/TEMP] Too many listings at once, read those first\r\n";
  case answer::tls_first: return "-ERR Start TLS first\r\n";
  case answer::tls_unavailable: return "-ERR TLS is not available here\r\n";
  case answer::tls_already: return "-ERR TLS is active already\r\n";
  case answer::mechanism_unknown: return "-ERR Unknown mechanism\r\n";
  case answer::bad_base64: return "-ERR Not base64\r\n";
  case answer::exchange_malformed: return "-ERR The mechanism's rules were not kept\r\n";
  case answer::exchange_cancelled: return "-ERR Cancelled\r\n";
  case answer::user_first: return "-ERR USER comes first\r\n";
  case answer::not_utf8: return "-ERR Not UTF-8\r\n";
  // RFC 3206 4: [AUTH] for whatever is wrong with the credentials, so that clients ask the user again; the
  // unknown user and the wrong password must not differ.
  case answer::wrong_credentials: return "-ERR [AUTH] Wrong user name or password\r\n";
  case answer::not_permitted: return "-ERR [AUTH] This login is not permitted here\r\n";
  // RFC 2449 8.1.1: the password may be right, so clients should wait and not ask for another.
  case answer::too_many_failures: return "-ERR [LOGIN-DELAY] Too many failed logins, try again later\r\n";
  case answer::login_unavailable: return "-ERR [SYS/TEMP] Login is not possible now, try again later\r\n";
  case answer::maildrop_unreadable:
    return "-ERR [SYS/TEMP] The mailbox cannot be read now, try again later\r\n";
  case answer::no_such_message: return "-ERR No such message\r\n";
  case answer::already_deleted: return "-ERR Message is marked for deletion\r\n";
  case answer::message_unreadable: return "-ERR [SYS/TEMP] The message cannot be read now\r\n";
  case answer::not_all_removed: return "-ERR [SYS/TEMP] Some marked messages were not removed\r\n";
  case answer::shutting_down: return "-ERR [SYS/TEMP] The server is going down, try again later\r\n";
  }
  return "-ERR\r\n";
}

answer answer_to(sasl::login_outcome outcome) {
  switch (outcome) {
  case sasl::login_outcome::wrong_credentials: return answer::wrong_credentials;
  case sasl::login_outcome::not_permitted: return answer::not_permitted;
  case sasl::login_outcome::too_many_failures: return answer::too_many_failures;
  case sasl::login_outcome::accepted: // never asked for
  case sasl::login_outcome::temporary_failure: break;
  }
  return answer::login_unavailable;
}

} // namespace stagepost::pop3
