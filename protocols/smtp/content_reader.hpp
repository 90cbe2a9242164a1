#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/smtp/session.hpp"

namespace stagepost::smtp {

/// Reads what comes after DATA (RFC 5321 4.5.2): takes transparency dots off, finds the end, and watches line
/// ends. Only CRLF . CRLF ends the content, and only a CRLF begins a line: anything else read as either would
/// let a message hide another one (SMTP smuggling). Keeps no content.
class content_reader {
public:
  content_reader(smtp::bare_newline bare, size_t max_line_bytes)
      : bare_(bare), max_line_bytes_(max_line_bytes) {}

  /// Takes octets off the front of `input`, up to and with the end of the content, and appends what they mean
  /// to `out`; to nowhere where that is null. True when the end was found: the rest of `input` is not
  /// content.
  bool feed(bytes_view& input, bytes* out);

  /// Content octets so far (RFC 1870 3): without transparency dots and the final dot.
  uint64_t size_bytes() const { return size_bytes_; }
  bool had_bare_newline() const { return had_bare_newline_; }
  bool had_long_line() const { return had_long_line_; }

private:
  enum class place : uint8_t {
    line_begins,
    after_dot,    ///< a dot began the line
    after_dot_cr, ///< and a CR came
    in_line,
    after_cr, ///< not yet handed on
  };

  void take_line_part(bytes_view& input, bytes* out);
  void take_bare_newline(char which, bytes* out);
  void append(bytes_view text, bytes* out);

  smtp::bare_newline bare_;
  size_t max_line_bytes_;
  place place_ = place::line_begins;
  size_t line_bytes_ = 0;
  uint64_t size_bytes_ = 0;
  bool had_bare_newline_ = false;
  bool had_long_line_ = false;
};

} // namespace stagepost::smtp
