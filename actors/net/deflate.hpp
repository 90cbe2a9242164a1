#pragma once

#include "protocols/base/bytes.hpp"

#include <memory>
#include <string>

namespace stagepost::net {

/// Deflates what one side of a connection says (RFC 4978: raw deflate, flushed to an octet after each piece).
/// Holds nothing between two pieces: no piece refers back to the one before, which costs a little of the gain
/// and no memory while the connection is idle. Used by one connection at a time.
class deflater {
public:
  /// All of `text`, deflated, so that the other side can read all of it.
  static std::string pack(bytes_view text);
};

/// Inflates what the other side says. Takes no more than it can hand out: a small input that stands for a
/// huge text is handed out piece by piece, and the caller says how fast.
class inflater {
public:
  inflater();
  ~inflater();
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;

  /// Adds input. Not before all that was added earlier is used up.
  void feed(bytes_view packed);
  /// Hands out at most `size` octets: their count, or -1 when the input is no deflated text, or has ended.
  int take(char* into, size_t size);
  /// Whether take may have more without further input.
  bool has_more() const { return !input_.empty() || full_; }
  /// Called while nothing is to be done: keeps only what later input may refer back to, at most 32 KiB and no
  /// more than was ever sent.
  void park();
  /// Octets held, for tests.
  size_t held_bytes() const;

private:
  struct state;
  bool wake();

  std::unique_ptr<state> state_; ///< none while parked
  std::string history_;          ///< while parked
  std::string input_;            ///< not used up
  bool full_ = false;            ///< the last take filled its room: there may be more
  bool ended_ = false;
};

} // namespace stagepost::net
