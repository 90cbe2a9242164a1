#include "protocols/smtp/message_intake.hpp"

#include <algorithm>

namespace stagepost::smtp {

namespace {

constexpr size_t slice_bytes = 65'536;  ///< looked at between two checks of limits
constexpr size_t piece_bytes = 262'144; ///< the most a write_body carries

} // namespace

message_intake::message_intake(intake_rules rules)
    : rules_(std::move(rules)), reader_(rules_.bare, rules_.max_line_bytes) {}

bool message_intake::feed_lines(bytes_view& input, actions& out) {
  while (!input.empty()) {
    auto slice = input.substr(0, slice_bytes);
    const auto offered = slice.size();
    const bool ended = reader_.feed(slice, refusal_ ? nullptr : &kept_);
    input.remove_prefix(offered - slice.size());
    look(out);
    if (ended) return true;
  }
  return false;
}

void message_intake::feed_octets(bytes_view chunk, actions& out) {
  while (!chunk.empty()) {
    const auto slice = chunk.substr(0, slice_bytes);
    chunk.remove_prefix(slice.size());
    octets_ += slice.size();
    if (!refusal_) kept_ += slice;
    look(out);
  }
}

std::optional<reply_kind> message_intake::finish(actions& out) {
  if (!refusal_ && !header_done_) fix_header_of(kept_.size(), out); // a message may be all header
  if (!refusal_) hand_on(out);
  return refusal();
}

void message_intake::abandon(actions& out) {
  if (!refusal_) out.push_back(abort_message{});
}

bool message_intake::is_too_large() const {
  return rules_.max_message_size_bytes != 0 &&
         std::max(reader_.size_bytes(), octets_) > rules_.max_message_size_bytes;
}

std::optional<reply_kind> message_intake::refusal() const {
  if (reader_.had_bare_newline() && rules_.bare == bare_newline::refuse) return reply_kind::bare_newline;
  if (reader_.had_long_line()) return reply_kind::content_line_too_long;
  if (is_too_large()) return reply_kind::message_too_large;
  return refusal_;
}

void message_intake::look(actions& out) {
  if (const auto why = refusal()) refuse(*why, out);
  if (refusal_) return;
  if (!header_done_) {
    const auto end = search_.look(kept_);
    if (std::min(end, kept_.size()) > rules_.max_header_bytes)
      return refuse(reply_kind::header_too_large, out);
    if (end == kept_.npos) return;
    fix_header_of(end, out);
  }
  if (kept_.size() + slice_bytes > piece_bytes) hand_on(out);
}

void message_intake::fix_header_of(size_t header_size, actions& out) {
  auto fixed = fix_header(bytes_view(kept_).substr(0, header_size), rules_.header);
  header_done_ = true;
  if (fixed.hops >= rules_.max_hop_count) return refuse(reply_kind::loop_detected, out);
  if (!fixed.from_fits) return refuse(reply_kind::from_not_owned, out);
  delivered_to_ = std::move(fixed.delivered_to);
  tls_optional_ = fixed.tls_optional;
  fixed.text.append(kept_, header_size);
  kept_ = std::move(fixed.text);
}

void message_intake::hand_on(actions& out) {
  bytes_view rest = kept_;
  for (; rest.size() > piece_bytes; rest.remove_prefix(piece_bytes))
    out.push_back(write_body{bytes(rest.substr(0, piece_bytes))});
  if (rest.size() == kept_.size() && !rest.empty()) {
    out.push_back(write_body{std::move(kept_)});
  } else if (!rest.empty()) {
    out.push_back(write_body{bytes(rest)});
  }
  kept_ = {};
}

void message_intake::refuse(reply_kind why, actions& out) {
  if (refusal_) return;
  out.push_back(abort_message{});
  refusal_ = why;
  kept_ = {};
}

} // namespace stagepost::smtp
