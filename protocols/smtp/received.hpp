#pragma once

#include "protocols/base/units.hpp"
#include "protocols/smtp/session.hpp"

namespace stagepost::smtp {

/// What the trace line says of how a message came (RFC 5321 4.4).
struct trace {
  std::string hello_name;
  std::string client_address; ///< "192.0.2.1", "2001:db8::1" or "unix"
  bool hides_client = false;  ///< leaves the "from" clause out (DOM-30)
  std::string host_name;      ///< ours
  session_kind kind = session_kind::relay;
  bool extended = false; ///< the client said EHLO
  bool authenticated = false;
  bool smtp_utf8 = false;
  std::string tls_version; ///< empty on a plain line
  std::string tls_cipher;
  std::string queue_id;
  std::string only_recipient; ///< empty unless there was exactly one
  instant at;
};

/// The keyword of "with": RFC 3848, RFC 6531 4.3.
std::string protocol_keyword(const trace& of);

/// The folded Received field, with its CRLF.
std::string received_field(const trace& of);

} // namespace stagepost::smtp
