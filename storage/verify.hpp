#pragma once

#include "storage/store.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace stagepost::storage {

/// Something in a store that should not be so.
struct finding {
  std::string where; ///< family and number
  std::string what;
};

struct verify_report {
  std::vector<finding> findings; ///< the first ones, at most `finding_limit`
  uint64_t finding_count = 0;    ///< all
  uint64_t bodies = 0;
  uint64_t body_bytes = 0;
  uint64_t references = 0;
  uint64_t mailboxes = 0;
  uint64_t messages = 0;
  uint64_t recoverable = 0; ///< messages that were expunged and are kept
  uint64_t spooled = 0;
  uint64_t recipients = 0;
  uint64_t marks = 0;       ///< bodies that wait for the collector to look at them
  bool interrupted = false; ///< told to stop before the end: what is here is not all

  bool sound() const { return finding_count == 0; }
};

struct verify_options {
  size_t finding_limit = 1000;
  bool read_bodies = true;   ///< without, only that the pieces are recorded, which is much faster
  std::stop_token stop = {}; ///< asked between records
};

/// Proves what the tables of a store promise each other. Of the system store that the statistics can be read;
/// of a shard: pieces of bodies against their checksums and records; references against messages and the
/// spool, both ways; pages, counters and change logs of mailboxes against their messages; what is kept of
/// expunged ones; which messages the index of words knows. It looks at the store as it is when the call
/// begins, while others may write on; it reads everything, with memory for a mailbox's pages at a time, and
/// fails only when the store cannot be read.
result<verify_report> verify(const store&, const verify_options& options);

} // namespace stagepost::storage
