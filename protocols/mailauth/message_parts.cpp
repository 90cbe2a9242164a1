#include "protocols/mailauth/message_parts.hpp"

#include "protocols/mailauth/header_index.hpp"

#include <algorithm>

namespace stagepost::mailauth {

namespace {

constexpr bytes_view empty_line = "\r\n\r\n";

} // namespace

bytes_view message_parts::feed(bytes_view piece) {
  if (has_header_) return piece;
  if (is_too_large_) return {};
  // The end may lie across two pieces.
  const auto from = header_.size() - std::min(header_.size(), empty_line.size() - 1);
  header_ += piece;
  auto end = header_.starts_with("\r\n") ? 2 : header_.find(empty_line, from);
  if (end != 2 && end != header_.npos) end += empty_line.size();
  if (std::min(end, header_.size()) > max_header_bytes) {
    is_too_large_ = true;
    header_ = {};
    return {};
  }
  if (end == header_.npos) return {};
  has_header_ = true;
  rest_ = header_.substr(end);
  header_.resize(end);
  return rest_;
}

} // namespace stagepost::mailauth
