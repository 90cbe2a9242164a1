#pragma once

#include "protocols/base/bytes.hpp"

#include <cstdint>

namespace stagepost::imap {

/// What one command may cost before it is looked at.
struct reader_limits {
  size_t line_bytes = 65536;            ///< all lines of a command together, without literals
  size_t literal_bytes = 65536;         ///< one literal
  size_t literals = 1000;               ///< in one command
  size_t total_literal_bytes = 262144;  ///< in one command
  uint64_t swallow_bytes = 64ull << 20; ///< what is passed over to find the end of a refused command
};

/// Finds complete commands in what a client sends, literals and all (RFC 3501 4.3, RFC 7888), with bounded
/// memory. Lines end in CRLF or LF. Who drives it decides at each literal whether it is waited for, refused
/// or streamed.
class command_reader {
public:
  enum class event : uint8_t {
    nothing,  ///< all input is used up
    command,  ///< text() is a whole command
    literal,  ///< a literal is announced at the end of text(): call accept_, refuse_ or stream_literal
    too_long, ///< the line limit was broken, the command has been passed over; text() is its beginning
    refused,  ///< the command of a refused literal has been passed over
    hopeless, ///< the end of the command cannot be found at bearable cost
  };

  /// Input is read where it lies; what is not used up by `detach` is kept.
  void attach(bytes_view input);
  void detach();
  /// Forgets all input and the command begun: what came before TLS must not count after it.
  void discard();

  event next(const reader_limits& limits);
  /// The same for a line that is no command: the answer to a continuation request. `command` is the line.
  event next_line(size_t limit);

  /// The command with literals as "{5}" CRLF and five octets, without the final newline.
  bytes_view text() const { return text_; }
  /// Done with text(); gives its memory back.
  void release();

  uint64_t literal_size() const { return literal_size_; }
  /// The client waits for a continuation request before it sends the literal.
  bool literal_waits() const { return literal_waits_; }
  /// Whether the literal announced is within the limits.
  bool literal_fits(const reader_limits& limits) const;

  void accept_literal();
  /// A client that waits has ended its command by this; else the literal and the rest of the command are
  /// passed over, and `refused` or `hopeless` comes from next.
  void refuse_literal();
  /// The literal's octets are taken by take_stream; after them the line goes on, text() begins anew.
  void stream_literal();
  /// As many octets as there are, at most `most`. Views live until more input is attached or detached.
  bytes_view take_stream(size_t most);
  /// Streamed octets still to come.
  uint64_t stream_left() const { return state_ == state::stream ? left_ : 0; }

private:
  enum class state : uint8_t { line, literal_announced, literal, stream, swallow_literal, swallow_line };

  event read_line(size_t limit, uint64_t swallow_limit, bool literals);
  event read_literal();
  event swallow(uint64_t limit);
  bool note_literal(bytes_view line);
  bytes_view take(uint64_t most);

  bytes_view input_; ///< not used up; points into what was attached or into kept_
  bytes kept_;
  bytes text_;
  bytes tail_;            ///< of a line being passed over: enough to see a literal
  size_t segment_ = 0;    ///< where the current line begins in text_
  size_t line_bytes_ = 0; ///< of this command without literals
  size_t literals_ = 0;
  size_t literal_bytes_ = 0;
  uint64_t literal_size_ = 0;
  uint64_t left_ = 0;
  uint64_t swallowed_ = 0;
  state state_ = state::line;
  event after_swallow_ = event::refused;
  bool literal_waits_ = false;
};

} // namespace stagepost::imap
