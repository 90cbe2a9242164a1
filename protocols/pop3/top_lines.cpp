#include "protocols/pop3/top_lines.hpp"

namespace stagepost::pop3 {

bytes_view top_lines::take(bytes_view piece) {
  size_t at = 0;
  while (at < piece.size() && !enough()) {
    const size_t end = piece.find('\n', at);
    const bytes_view part = piece.substr(at, end == bytes_view::npos ? bytes_view::npos : end - at);
    if (!part.empty()) line_ = line_ == so_far::nothing && part == "\r" ? so_far::one_cr : so_far::text;
    if (end == bytes_view::npos) return piece;
    if (!in_header_) --left_;
    if (line_ != so_far::text) in_header_ = false;
    line_ = so_far::nothing;
    at = end + 1;
  }
  return piece.substr(0, at);
}

} // namespace stagepost::pop3
