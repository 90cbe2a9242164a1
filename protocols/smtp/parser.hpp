#pragma once

#include "protocols/smtp/command.hpp"

namespace stagepost::smtp {

/// Reads the argument of MAIL: "FROM:<path>" and parameters of RFC 1870, 3030, 3461, 4954, 6152, 6531 and
/// 8689. A space after the colon is put up with; a path without angle brackets is not.
parsed<mail_command> parse_mail(std::string_view argument);

/// Reads the argument of RCPT: "TO:<path>", NOTIFY and ORCPT. `utf8`: the transaction was begun with
/// SMTPUTF8.
parsed<recipient> parse_rcpt(std::string_view argument, bool utf8);

parsed<bdat_command> parse_bdat(std::string_view argument);

/// Whether a client may call itself so: one word of visible ASCII that can stand in a Received field. RFC
/// 5321 4.1.4 asks not to refuse a name for being false, and many are.
bool is_hello_name(std::string_view name);

} // namespace stagepost::smtp
