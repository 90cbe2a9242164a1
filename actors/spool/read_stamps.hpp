#pragma once

#include "protocols/base/units.hpp"

#include <cstdint>
#include <set>
#include <unordered_map>

namespace stagepost::spool {

/// Tells whether what a read of the spool found of a message still holds. Reads take their time in the pool;
/// a message that was changed after a read began may have been read as it was before.
class read_stamps {
public:
  using stamp = uint64_t;

  stamp begin();
  void end(stamp of);
  /// All changes of this message so far are on disk, and from now on others may make some.
  void changed(queue_id id);
  /// Whether the message changed since that read began. Asked before `end`.
  bool is_past(queue_id id, stamp of) const;

private:
  stamp last_ = 0;
  std::set<stamp> running_;
  std::unordered_map<queue_id, stamp>
      changed_; ///< with the last read that had begun by then; kept for running ones
};

} // namespace stagepost::spool
