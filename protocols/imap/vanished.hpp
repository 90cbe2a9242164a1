#pragma once

#include "protocols/imap/sequence_set.hpp"
#include "protocols/imap/session.hpp"
#include "protocols/imap/view.hpp"

namespace stagepost::imap {

class dialogue;

/// Writes VANISHED for messages that go one by one, in lines of bounded length (RFC 7162 3.2.10).
class vanished_writer {
public:
  explicit vanished_writer(dialogue& with) : with_(with) {}
  void add(uid which);
  /// Ends the line, if one was begun.
  void end();

private:
  dialogue& with_;
  bytes unused_;
  range_writer ranges_{unused_};
  uint32_t last_ = 0;
  size_t in_line_ = 0; ///< ranges; 0: no line is open
};

/// The UIDs among `wanted` that were there once and are no longer. By the log where that is complete, else
/// all that are not in the mailbox now.
number_ranges gone_since(const mailbox_view& view, const number_ranges& wanted, const expunged_since& found);

/// Writes some of `gone`, from the one at `next` on, as VANISHED (EARLIER), and moves `next` behind them.
/// True when all are written; false when the output has enough.
bool write_vanished_earlier(dialogue& with, const number_ranges& gone, size_t& next);

} // namespace stagepost::imap
