#pragma once

#include "protocols/imap/sequence_set.hpp"
#include "protocols/imap/view.hpp"

#include <cstdint>
#include <vector>

namespace stagepost::imap {

/// The UIDs of messages given by sequence numbers.
std::vector<uid> uids_of(const mailbox_view& view, const number_ranges& sequences);

/// Walks over the sequence numbers of ranges, one at a time, without holding them.
class message_walk {
public:
  message_walk() = default;
  explicit message_walk(number_ranges ranges) : ranges_(std::move(ranges)) {
    if (!ranges_.empty()) next_ = ranges_.front().first;
  }

  bool at_end() const { return range_ == ranges_.size(); }
  uint32_t operator*() const { return next_; }
  message_walk& operator++() {
    if (next_++ == ranges_[range_].last && ++range_ < ranges_.size()) next_ = ranges_[range_].first;
    return *this;
  }

private:
  number_ranges ranges_;
  size_t range_ = 0;
  uint32_t next_ = 0;
};

} // namespace stagepost::imap
