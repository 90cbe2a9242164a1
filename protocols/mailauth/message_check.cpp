#include "protocols/mailauth/message_check.hpp"

#include <algorithm>

namespace stagepost::mailauth {

void message_check::feed(bytes_view piece) {
  const auto body = parts_.feed(piece);
  if (parts_.has_header() && !signatures_) begin_checks();
  if (!signatures_) return;
  signatures_->feed_body(body);
  chain_->feed_body(body);
}

void message_check::end() {
  if (!signatures_ && !parts_.is_too_large()) begin_checks(); // a header alone
}

void message_check::begin_checks() {
  signatures_.emplace(parts_.header(), rules_);
  chain_.emplace(parts_.header(), rules_);
}

std::vector<question> message_check::questions() const {
  if (!signatures_) return {};
  auto all = signatures_->questions();
  for (const auto& each : chain_->questions())
    if (std::find(all.begin(), all.end(), each) == all.end()) all.push_back(each);
  return all;
}

void message_check::give(const question& asked, const answer& said) {
  if (!signatures_) return;
  signatures_->give(asked, said);
  chain_->give(asked, said);
}

std::optional<message_findings> message_check::finish() {
  if (!signatures_) return std::nullopt;
  return message_findings{signatures_->finish(), chain_->finish()};
}

} // namespace stagepost::mailauth
