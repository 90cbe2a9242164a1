#pragma once

#include "actors/domain/interface.hpp"
#include "actors/domain/stores.hpp"

#include <vector>

namespace stagepost::domain {

/// What a walk through a domain's mail finds.
struct space_sum {
  uint64_t used_bytes = 0;
  std::vector<domain_reader> readers;
};

/// Adds up the mail of all users over all shards. Reads from the disk, so it belongs into the read pool; what
/// cannot be read does not count.
space_sum sum_up(const stores& from, const storage::domain_record& domain);

/// When to tell that the space of a domain is used up: at the limit, and not again before the mail has been
/// well below it. A domain at its limit goes to and fro.
class space_alarm {
public:
  enum class news : uint8_t { none, used_up, room };

  /// `limit_bytes` zero: unlimited.
  news look(uint64_t used_bytes, uint64_t limit_bytes);

private:
  news last_ = news::none;
};

} // namespace stagepost::domain
