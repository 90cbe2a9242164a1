#pragma once

#include "protocols/base/bytes.hpp"

#include <cstdint>

namespace stagepost::pop3 {

/// Cuts a message to its header, the empty line and the first `lines` lines of its body (RFC 1939 7, TOP).
/// Takes pieces cut anywhere. Lines end at LF, with or without CR, as dot_stuffing has them.
class top_lines {
public:
  explicit top_lines(uint64_t lines) : left_(lines) {}

  /// The part of `piece` that belongs to the answer: always its front.
  bytes_view take(bytes_view piece);
  /// Whether nothing of what comes can belong to it.
  bool enough() const { return !in_header_ && left_ == 0; }

private:
  uint64_t left_;
  bool in_header_ = true;
  enum class so_far : uint8_t { nothing, one_cr, text };
  so_far line_ = so_far::nothing; // of the line being read
};

} // namespace stagepost::pop3
