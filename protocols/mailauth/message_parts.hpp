#pragma once

#include "protocols/base/bytes.hpp"

namespace stagepost::mailauth {

/// Parts a message that comes in pieces, cut anywhere, into its header block and its body. Keeps the header,
/// of header_index's size at most, and nothing of the body.
class message_parts {
public:
  /// What of the message is body, as far as it is known now; holds until the next call. Empty while the
  /// header goes on, and for a message whose header is too large.
  bytes_view feed(bytes_view piece);

  /// The header is whole: from now on all is body.
  bool has_header() const { return has_header_; }
  bool is_too_large() const { return is_too_large_; }
  /// With its empty line; what has come of it so far while it is not whole.
  const bytes& header() const { return header_; }

private:
  bytes header_;
  bytes rest_; ///< of the piece that the header ended in
  bool has_header_ = false;
  bool is_too_large_ = false;
};

} // namespace stagepost::mailauth
