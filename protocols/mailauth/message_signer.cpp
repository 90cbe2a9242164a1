#include "protocols/mailauth/message_signer.hpp"

#include "protocols/mailauth/header_index.hpp"

#include <algorithm>

namespace stagepost::mailauth::dkim {

namespace {

constexpr bytes_view empty_line = "\r\n\r\n";

} // namespace

void message_signer::feed(bytes_view piece) {
  if (too_large_) return;
  if (behind_header_) return behind_header_->feed_body(piece);
  // The end may lie across two pieces.
  const auto from = header_.size() - std::min(header_.size(), empty_line.size() - 1);
  const auto taken = std::min(piece.size(), max_header_bytes + 1);
  header_ += piece.substr(0, taken);
  const auto end = header_.find(empty_line, from);
  if (header_.starts_with("\r\n") || end != header_.npos) {
    end_header(header_.starts_with("\r\n") ? 2 : end + empty_line.size());
    behind_header_->feed_body(piece.substr(taken));
  } else if (header_.size() > max_header_bytes) {
    too_large_ = true;
    header_ = {};
  }
}

/// What has been kept of the body so far goes on to it.
void message_signer::end_header(size_t length) {
  const bytes_view all = header_;
  behind_header_.emplace(all.substr(0, length), std::move(settings_), now_);
  behind_header_->feed_body(all.substr(length));
  header_ = {};
}

result<bytes> message_signer::finish() {
  if (too_large_) return failure<errc>{errc::header_too_large, {}};
  if (!behind_header_) end_header(header_.size()); // a header alone
  return behind_header_->finish();
}

} // namespace stagepost::mailauth::dkim
