#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace stagepost::gateway {

/// How many answers are remembered, and for how long.
struct book_limits {
  size_t most = 10000;
  std::chrono::seconds yes_holds{3600}; ///< so long nobody is asked again
  std::chrono::seconds no_holds{600};   ///< the same; short, since users are made
  std::chrono::seconds kept{7 * 86400}; ///< so long they help when nobody can be asked
};

/// Answers of yes or no that others gave. When it is full the oldest go.
class answer_book {
public:
  using steady = std::chrono::steady_clock::time_point;

  explicit answer_book(book_limits limits) : limits_(limits) {}

  void put(const std::string& question, bool yes, steady now);
  /// As long as nobody has to be asked again.
  std::optional<bool> fresh(const std::string& question, steady now) const;
  /// What was known, however old: no older than `within`, nor than it is kept.
  std::optional<bool> known(const std::string& question, steady now, std::chrono::seconds within) const;
  void clear();
  size_t size() const { return entries_.size(); }

private:
  struct entry {
    bool yes = false;
    steady at;
    uint64_t number = 0; ///< of when it was put in
  };
  book_limits limits_;
  std::unordered_map<std::string, entry> entries_;
  std::deque<std::pair<std::string, uint64_t>> order_; ///< those put in again since are passed over
  uint64_t next_ = 0;
};

} // namespace stagepost::gateway
