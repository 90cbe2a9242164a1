#include "protocols/smtp_client/downgrade.hpp"

#include <algorithm>

namespace stagepost::smtp_client {

namespace {

void add(std::vector<content_survey::region>& out, uint64_t begin, uint64_t end) {
  const auto last = out.empty() ? 0 : out.back().end;
  begin = std::max(begin, last);
  if (begin > last) out.push_back({last, begin, {}}); // boundaries, preambles and epilogues
  if (end > begin) out.push_back({begin, end, {}});
}

void add_part(std::vector<content_survey::region>& out, const mime::part& p) {
  add(out, p.header_offset, p.body_offset);
  if (p.children.empty()) return add(out, p.body_offset, p.body_offset + p.body_size);
  for (const auto& child : p.children) add_part(out, child); // not deeper than mime::max_depth
  // Lines behind the last child are planned with this part, those behind it with the part around it.
  const auto end = p.body_offset + p.body_size;
  add(out, end, end);
}

} // namespace

surveyor::surveyor(const mime::digest& message) {
  add_part(made_.regions, message.root);
  add(made_.regions, message.size, message.size);
}

void surveyor::feed(bytes_view piece) {
  while (!piece.empty() && now_ < made_.regions.size()) {
    const auto left = made_.regions[now_].end - offset_;
    const auto part = piece.substr(0, size_t(std::min<uint64_t>(left, piece.size())));
    scan_.feed(part);
    offset_ += part.size();
    piece.remove_prefix(part.size());
    if (offset_ == made_.regions[now_].end) close_region();
  }
}

void surveyor::close_region() {
  made_.regions[now_++].facts = scan_.facts();
  scan_ = {};
}

content_survey surveyor::finish() {
  if (now_ < made_.regions.size()) close_region(); // the message is shorter than its digest says
  return std::move(made_);
}

} // namespace stagepost::smtp_client
