#pragma once

#include "storage/store.hpp"

#include <array>
#include <atomic>
#include <string_view>

namespace stagepost::storage {

/// Gives numbers that are never given again. The mark in `meta` is never below a number that a durable batch
/// uses: the committer writes a new mark with the first group that would pass it.
struct number_source {
  std::string_view name; ///< its key in `meta`. On disk: never change
  uint64_t stride = 1;   ///< how far ahead the mark is set, for numbers given often
  std::atomic<uint64_t> last{0};
  uint64_t marked = 0; ///< durable; committer's thread only

  uint64_t next() { return last.fetch_add(1, std::memory_order_relaxed) + 1; }
};

/// All numbers of a store.
struct store::numbers {
  number_source blobs{"blobs", 4096};
  number_source mailboxes{"mailboxes"};
  number_source uid_validity{"uid_validity"};
  number_source domains{"domains"};
  number_source accounts{"accounts"};
  std::atomic<uint64_t> queue{0};

  std::array<number_source*, 5> all() { return {&blobs, &mailboxes, &uid_validity, &domains, &accounts}; }
};

/// The queue number after `last` for this shard at this time.
queue_id queue_id_after(queue_id last, instant now, uint8_t shard);

/// No queue number given before `at` is as high as this one.
queue_id first_queue_id_at(instant at);

} // namespace stagepost::storage
