#pragma once

#include "protocols/base/units.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace stagepost {

/// System flags of a message (RFC 9051 2.3.2). On disk: never renumber.
enum system_flag : uint32_t {
  flag_seen = 1u << 0,
  flag_answered = 1u << 1,
  flag_flagged = 1u << 2,
  flag_deleted = 1u << 3,
  flag_draft = 1u << 4,
};

/// The most keywords one mailbox can name; a keyword is a bit in `message_entry::keywords`.
inline constexpr size_t max_keywords = 64;

/// What changes about a message: everything else about it is written once.
struct message_entry {
  stagepost::uid uid;
  uint32_t flags = 0;    ///< system_flag bits
  uint64_t keywords = 0; ///< bit n: the n-th keyword of the mailbox
  stagepost::modseq modseq;

  friend bool operator==(const message_entry&, const message_entry&) = default;
};

/// UIDs one page spans. On disk: never change.
inline constexpr uint32_t uids_per_page = 64;

/// The messages of a mailbox whose UIDs share `uid / uids_per_page`, in UID order. A page is never changed
/// once others can see it: a change makes a new page, so a session may keep looking at an old one without a
/// copy.
struct mailbox_page {
  uint32_t number = 0; ///< uid / uids_per_page of all entries
  std::vector<message_entry> entries;
};

/// Where the first entry stands whose UID is not below. Quick where none is missing before it.
inline size_t first_at_or_after(const mailbox_page& page, stagepost::uid uid) {
  const auto& all = page.entries;
  if (all.empty() || !(all.front().uid < uid)) return 0;
  const size_t guess = uid.value - all.front().uid.value;
  if (guess < all.size() && all[guess].uid == uid) return guess;
  const auto below = [](const message_entry& entry, stagepost::uid wanted) { return entry.uid < wanted; };
  return size_t(std::lower_bound(all.begin(), all.end(), uid, below) - all.begin());
}

using mailbox_page_ptr = std::shared_ptr<const mailbox_page>;

/// The messages of a mailbox: pages in order, none of them empty.
using mailbox_pages = std::vector<mailbox_page_ptr>;

} // namespace stagepost
