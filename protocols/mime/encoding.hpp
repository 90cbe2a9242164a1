#pragma once

#include "protocols/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stagepost::mime {

/// How the octets of a body are written down (RFC 2045 6).
enum class transfer_encoding {
  identity, ///< 7bit, 8bit, binary and whatever else is unknown
  quoted_printable,
  base64,
};

/// Understands a Content-Transfer-Encoding as found in the wild, whatever its case.
transfer_encoding parse_transfer_encoding(std::string_view name);

/// Decodes a body that comes in pieces. Never fails: base64 passes over what is not in the alphabet,
/// quoted-printable leaves a malformed escape as it is (RFC 2045 6.7).
class body_decoder {
public:
  explicit body_decoder(transfer_encoding encoding) : encoding_(encoding) {}

  void feed(bytes_view piece, bytes& out);

  /// Gives what was held back at the end of the last piece.
  void finish(bytes& out);

private:
  void feed_base64(bytes_view piece, bytes& out);
  void feed_quoted_printable(bytes_view piece, bytes& out);
  bool held_takes(char c, bytes& out);

  transfer_encoding encoding_;
  uint32_t group_ = 0;    ///< base64: bits not yet given
  unsigned in_group_ = 0; ///< base64: characters in group_
  bytes held_;            ///< quoted-printable: white space or an escape not yet decided, bounded
};

/// A whole body decoded.
bytes decode_body(bytes_view body, transfer_encoding encoding);

/// Base64 in lines of 76 characters, each ended by CRLF (RFC 2045 6.8).
bytes encode_base64_body(bytes_view body);

/// Quoted-printable text with lines of at most 76 characters (RFC 2045 6.7); CRLF and LF of the input are
/// line ends.
bytes encode_quoted_printable(bytes_view text);

} // namespace stagepost::mime
