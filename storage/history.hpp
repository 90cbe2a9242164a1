#pragma once

#include "storage/records.hpp"
#include "storage/store.hpp"

#include <optional>
#include <vector>

namespace stagepost::storage {

/// A message that was in a folder at some time.
struct past_message {
  stagepost::uid uid;
  bool knows_state = false;            ///< whether the log still tells what it carried then
  message_state state = {};            ///< as it was then; keywords as the folder numbers them
  std::optional<instant> gone_at = {}; ///< it is not there any more
};

struct past_view {
  bool is_complete = false;           ///< the change log reaches back that far; else messages may be missing
  std::vector<past_message> messages; ///< ascending
  bool more = false;
};

/// What was in a folder at a time, from its pages and its change log: at most `limit` messages from a UID on.
/// Reads the log twice; the pages before it, so that what is expunged meanwhile is not missed.
result<past_view> read_past(const store&, mailbox_id folder, instant at, uid from, size_t limit, reach);

/// When the first line was written whose time is known and that is behind `since`; lines from there on are
/// those of `since` and later. UINT64_MAX when there is none.
result<modseq> first_change_since(const store&, mailbox_id folder, instant since, reach);

} // namespace stagepost::storage
