#include "actors/gateway/answer_book.hpp"

#include <algorithm>

namespace stagepost::gateway {

void answer_book::put(const std::string& question, bool yes, steady now) {
  const auto number = ++next_;
  entries_[question] = {yes, now, number};
  order_.emplace_back(question, number);
  while (entries_.size() > limits_.most || order_.size() > 2 * limits_.most) {
    const auto [oldest, its_number] = std::move(order_.front());
    order_.pop_front();
    if (const auto at = entries_.find(oldest); at != entries_.end() && at->second.number == its_number)
      entries_.erase(at);
  }
}

std::optional<bool> answer_book::fresh(const std::string& question, steady now) const {
  const auto at = entries_.find(question);
  if (at == entries_.end()) return std::nullopt;
  const auto holds = at->second.yes ? limits_.yes_holds : limits_.no_holds;
  return now - at->second.at < holds ? std::optional(at->second.yes) : std::nullopt;
}

std::optional<bool> answer_book::known(const std::string& question, steady now,
                                       std::chrono::seconds within) const {
  const auto at = entries_.find(question);
  if (at == entries_.end()) return std::nullopt;
  return now - at->second.at < std::min(within, limits_.kept) ? std::optional(at->second.yes) : std::nullopt;
}

void answer_book::clear() {
  entries_.clear();
  order_.clear();
}

} // namespace stagepost::gateway
