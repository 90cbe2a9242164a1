#pragma once

#include "protocols/base/bytes.hpp"

#include <cstddef>

namespace stagepost::smtp_client {

/// Writes base64 of a body in pieces (RFC 2045 6.8): lines of 76 characters with CRLF between them, none at
/// the end.
class base64_writer {
public:
  void feed(bytes_view piece, bytes& out);
  void finish(bytes& out);

private:
  void write_line(bytes_view octets, bytes& out);

  bytes held_; ///< less than a line
  bool first_ = true;
};

/// Writes quoted-printable of a text in pieces (RFC 2045 6.7): lines of at most 76 characters, CRLF stays,
/// what some relays change (a leading dot, "From ") is escaped.
class quoted_printable_writer {
public:
  void feed(bytes_view piece, bytes& out);
  void finish(bytes& out);

private:
  /// Writes the first `size` octets of `text`; the rest is only looked at.
  size_t write(bytes_view text, size_t size, bytes& out);

  bytes held_; ///< octets that decide about those before them
  size_t column_ = 0;
};

/// Makes seven-bit lines of quoted-printable that is not: octets above 0x7f, NUL and a bare CR become
/// escapes, a bare LF a line end. What they mean stays.
class quoted_printable_mender {
public:
  void feed(bytes_view piece, bytes& out);
  void finish(bytes& out);

private:
  void escape(char c, bytes& out);

  bool after_cr_ = false;
  size_t column_ = 0;
};

/// Makes lines end in CRLF and everything else seven bits: for what no reader is shown, the lines around
/// parts.
class line_mender {
public:
  void feed(bytes_view piece, bytes& out);
  void finish(bytes& out);

private:
  bool after_cr_ = false;
};

} // namespace stagepost::smtp_client
