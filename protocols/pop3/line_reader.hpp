#pragma once

#include "protocols/base/bytes.hpp"

namespace stagepost::pop3 {

/// Cuts what a client sends into lines. A line ends in CRLF; a lone LF is taken as well, for people at a
/// terminal: unlike in SMTP, no content passes here, so there is nothing to smuggle. Keeps at most one
/// unfinished line of `limit` octets: the rest of a longer one is dropped as it comes.
class line_reader {
public:
  enum class outcome : uint8_t { none, line, too_long };

  void append(bytes_view input);
  /// Takes the next line, without its end. `line` is valid until the next call of any member.
  outcome next(bytes_view& line, size_t limit);
  /// Forgets all that was appended and not taken (RFC 2595 4: nothing said before the handshake counts after
  /// it).
  void clear();

private:
  bytes held_;
  size_t taken_ = 0;      // octets of held_ that were given out
  size_t searched_ = 0;   // octets of held_ known to hold no LF behind taken_: keeps byte-wise feeding linear
  bool skipping_ = false; // inside a line that was reported as too long
};

} // namespace stagepost::pop3
