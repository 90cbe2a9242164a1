#pragma once

#include <string>
#include <string_view>

namespace stagepost::imap {

/// A subject without what replying and forwarding put around it.
struct base_subject {
  std::string text;                 ///< UTF-8, encoded words decoded
  bool is_reply_or_forward = false; ///< whether such a mark was taken off
};

/// RFC 5256 2.1, for a Subject field folded or not. Linear.
base_subject extract_base_subject(std::string_view subject);

} // namespace stagepost::imap
