#pragma once

#include "protocols/base/bytes.hpp"

namespace stagepost::pop3 {

/// Writes a message as a multi-line response (RFC 1939 3): a dot before each line that begins with one, and
/// at the end CRLF, if it is missing, and the line with the lone dot. Takes pieces cut anywhere.
///
/// A line begins after CRLF, and after a lone LF too: the octets of the content stay as they are, but most
/// clients end their lines at LF, and one that did would take "LF . CRLF" inside a message for the end of it
/// and the rest for replies of the server.
class dot_stuffing {
public:
  void write(bytes_view piece, bytes& out);
  void finish(bytes& out);

private:
  char before_last_ = '\r'; // as if a line had just ended: an empty message needs no CRLF of its own
  char last_ = '\n';
};

} // namespace stagepost::pop3
