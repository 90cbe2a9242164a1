#pragma once

#include "protocols/base/bytes.hpp"

#include <cstdint>

namespace stagepost::smtp_client {

/// Watches line ends of a content in pieces: outside BINARYMIME a CR or LF alone must not go on the wire (RFC
/// 5321 2.3.8), since a peer may take it for a line end and so find a message in the message (SMTP
/// smuggling).
class newline_guard {
public:
  /// False from the first octet on that makes a bare CR or LF certain.
  bool feed(bytes_view piece);
  /// False when the content ends in a bare CR.
  bool finish() const { return clean_ && !after_cr_; }

private:
  bool clean_ = true;
  bool after_cr_ = false;
};

/// Writes a content as DATA wants it (RFC 5321 4.5.2): a dot at the beginning of a line is doubled, the end
/// is a dot alone on its line. Takes pieces cut anywhere; lines must end in CRLF (newline_guard).
class dot_writer {
public:
  void feed(bytes_view piece, bytes& out);
  /// The end; completes a last line that has no CRLF.
  void finish(bytes& out);

private:
  bool line_begins_ = true;
};

} // namespace stagepost::smtp_client
