#include "protocols/imap/output.hpp"

#include <utility>

namespace stagepost::imap {

bytes& output::text() {
  if (list_.empty() || !std::holds_alternative<reply>(list_.back()) || current() >= piece_bytes) add(reply{});
  return std::get<reply>(list_.back()).text;
}

void output::add(action what) {
  before_ += current();
  list_.push_back(std::move(what));
}

actions output::take() {
  before_ = 0;
  return std::exchange(list_, {});
}

size_t output::current() const {
  if (list_.empty()) return 0;
  const auto* last = std::get_if<reply>(&list_.back());
  return last ? last->text.size() : 0;
}

} // namespace stagepost::imap
