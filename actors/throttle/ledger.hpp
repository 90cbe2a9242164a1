#pragma once

#include "actors/throttle/interface.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace stagepost::throttle {

/// What was sent and received in this hour, by shard and in all, and what may still be. Hours are those of
/// the wall clock in UTC. A jump of the clock gives more room than there was, never less: what was counted
/// in an hour that is not this one, nor the one mail waits for, is forgotten.
class ledger {
public:
  explicit ledger(size_t shards) : of_shard_(shards), over_(shards) {}

  /// What a shard's store has, at start.
  void load(size_t shard, const std::vector<storage::hourly_row>& rows, instant now);

  passage check(const charge& what, instant now);
  message_booked book(const charge& what, size_t shard, instant now);
  void unbook(const std::vector<entry>& entries, size_t shard);

  /// Sentences for the log: who reached a limit, once an hour.
  std::vector<std::string> take_news() { return std::exchange(news_, {}); }

private:
  enum class ruling : uint8_t { pass, delay, refuse };

  void turn_to(uint32_t hour);
  storage::hourly_counts so_far(storage::hourly_kind kind, uint64_t who) const;
  ruling rule(const sending& what);
  ruling rule(const bounces& what);
  ruling rule(const charge& what);
  /// What becomes of mail above a limit.
  ruling reached(const conf::hourly_cap& cap, const storage::hourly_key& key, const std::string& name,
                 const char* of_what);
  void add(const storage::hourly_key& key, const storage::hourly_counts& counts, size_t shard,
           message_booked& into);

  uint32_t hour_ = 0;
  std::map<storage::hourly_key, storage::hourly_counts> total_;
  std::vector<std::map<storage::hourly_key, storage::hourly_counts>> of_shard_;
  std::vector<std::vector<storage::hourly_key>> over_; ///< by shard: on disk, and to go with the next message
  std::set<std::pair<storage::hourly_key, std::string>> told_;
  std::vector<std::string> news_;
};

/// When an hour ends.
instant end_of_hour(instant at);

} // namespace stagepost::throttle
