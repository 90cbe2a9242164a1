#pragma once

#include "actors/spool/interface.hpp"
#include "storage/store.hpp"

#include <vector>

namespace stagepost::spool {

/// Messages of the spool with their recipients.
struct read_page {
  bool good = false;
  std::vector<queued_message> messages;
  queue_id next; ///< zero: this was the last page
};

/// From `from` on, oldest first; what is damaged is logged and passed over. Blocks: belongs into the read
/// pool.
read_page read_spool(const storage::store& store, queue_id from, size_t limit);

/// The same, passing over what has recipients elsewhere only: whoever sends there finds it by himself.
read_page read_spool_here(const storage::store& store, queue_id from, size_t limit);

} // namespace stagepost::spool
