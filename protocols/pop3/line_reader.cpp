#include "protocols/pop3/line_reader.hpp"

#include <algorithm>

namespace stagepost::pop3 {

void line_reader::append(bytes_view input) {
  if (taken_ > 0) {
    held_.erase(0, taken_);
    searched_ -= taken_;
    taken_ = 0;
  }
  if (held_.empty() && held_.capacity() > 16384)
    bytes().swap(held_); // an idle connection keeps no large buffer
  held_.append(input);
}

line_reader::outcome line_reader::next(bytes_view& line, size_t limit) {
  for (;;) {
    const size_t end = held_.find('\n', std::max(searched_, taken_));
    if (end == bytes::npos) {
      searched_ = held_.size();
      const bool over = held_.size() - taken_ > limit + 1; // the one may be the CR
      if (!over && !skipping_) return outcome::none;
      taken_ = held_.size();
      if (skipping_) return outcome::none;
      skipping_ = true;
      return outcome::too_long;
    }
    line = bytes_view(held_).substr(taken_, end - taken_);
    taken_ = searched_ = end + 1;
    if (skipping_) {
      skipping_ = false;
      continue;
    }
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line.size() > limit ? outcome::too_long : outcome::line;
  }
}

void line_reader::clear() {
  bytes().swap(held_);
  taken_ = searched_ = 0;
  skipping_ = false;
}

} // namespace stagepost::pop3
