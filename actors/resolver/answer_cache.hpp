#pragma once

#include "protocols/dns/answer.hpp"

#include <chrono>
#include <list>
#include <map>
#include <optional>

namespace stagepost::resolver {

/// How much is kept, and how long.
struct cache_limits {
  uint64_t bytes = 0;
  std::chrono::seconds max_ttl{0};
  std::chrono::seconds max_negative_ttl{0}; ///< of "no data" and "no such name" (RFC 2308 5)
};

/// Answers for as long as their TTL says. When there is no room the one that was used least lately goes.
class answer_cache {
public:
  using instant = std::chrono::steady_clock::time_point;

  /// The answer with what is left of its TTL.
  std::optional<dns::answer> find(const dns::question& asked, instant now);
  /// Failures and what has no TTL are not kept.
  void put(const dns::question& asked, const dns::answer& said, instant now, const cache_limits& limits);

  uint64_t size() const { return entries_.size(); }
  uint64_t bytes() const { return bytes_; }

private:
  struct entry {
    dns::question asked;
    dns::answer said;
    instant until;
    uint64_t bytes = 0;
  };
  using place = std::list<entry>::iterator;

  void drop(place which);

  std::list<entry> entries_; ///< the one used last in front
  std::map<dns::question, place> places_;
  uint64_t bytes_ = 0;
};

} // namespace stagepost::resolver
