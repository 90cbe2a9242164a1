#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/smtp/envelope.hpp"
#include "protocols/smtp_client/extensions.hpp"

#include <string>
#include <string_view>

namespace stagepost::smtp_client {

/// RFC 3461 4: what would end or change a parameter is written as "+2B". Octets above 0x7f stay where `utf8`
/// lets them.
std::string encode_xtext(std::string_view text, bool utf8);

/// The value of ORCPT from "rfc822;bob@example.test" (RFC 3461 4.2, RFC 6533 3): the type stays, the address
/// becomes xtext, or the form with \x{…} for characters outside ASCII where the peer takes no UTF-8. Empty
/// when there is none.
std::string encode_original_recipient(std::string_view decoded, bool utf8);

/// Whether an address may stand between the angle brackets of a command: RFC 5321 4.1.2, RFC 6531.
/// `may_be_empty` for reverse paths. Whatever was written into a spool, nothing else goes on the wire.
bool is_sendable(std::string_view address, bool may_be_empty);

/// The same address with its domain in A-labels (RFC 5890 2.3.2.1), where that is enough to make it ASCII;
/// else as it is.
std::string ascii_form(const std::string& address);

struct mail_command {
  const smtp::envelope& envelope;
  const peer_extensions& peer;
  uint64_t size_bytes = 0;  ///< 0: not known
  bool require_tls = false; ///< RFC 8689
  bool smtp_utf8 = false;   ///< RFC 6531: asked for by an address or the header
};

/// MAIL with the parameters that the peer knows, and CRLF.
bytes mail_line(const mail_command& what);

/// RCPT with NOTIFY and ORCPT where the peer knows them (RFC 3461), and CRLF.
bytes rcpt_line(const smtp::recipient& whom, const peer_extensions& peer, bool smtp_utf8);

} // namespace stagepost::smtp_client
