#pragma once

#include "protocols/imap/session.hpp"

namespace stagepost::imap {

/// The actions a call will return. Text runs together into replies of bounded size.
class output {
public:
  /// Where a reply gathers about this much it is ended and the next begun.
  static constexpr size_t piece_bytes = 64 * 1024;
  /// What is gathered for one list before it should be sent.
  static constexpr size_t enough_bytes = 192 * 1024;

  /// The reply at the end of the list, to append to. Valid until anything else is called.
  bytes& text();
  void add(action what);
  /// Octets of text waiting, and whether that is enough.
  size_t waiting() const { return before_ + current(); }
  bool has_enough() const { return waiting() >= enough_bytes; }
  bool empty() const { return list_.empty(); }
  actions take();

private:
  size_t current() const;

  actions list_;
  size_t before_ = 0; ///< octets in the replies before the last action
};

} // namespace stagepost::imap
