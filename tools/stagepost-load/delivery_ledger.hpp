#pragma once

#include "message_maker.hpp"
#include "report.hpp"

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stagepost::load {

/// Which message was accepted for which mailbox, and which was found there.
class delivery_ledger {
public:
  delivery_ledger(message_shape shape, uint32_t mailbox_count)
      : shape_(std::move(shape)), mailboxes_(mailbox_count) {}

  void accepted(uint32_t mailbox, uint32_t message) { mailboxes_[mailbox].try_emplace(message, 0); }
  uint32_t expected(uint32_t mailbox) const { return uint32_t(mailboxes_[mailbox].size()); }
  uint64_t expected() const;

  /// Notes a message read from a mailbox. `recipient_of` gives the address in the To field of a message by
  /// its number.
  template <class Recipient>
  void found(uint32_t mailbox, std::string_view message, const Recipient& recipient_of) {
    uint32_t index = 0;
    if (!message_index(shape_, message, index))
      ++foreign_;
    else
      compare(mailbox, index, message, recipient_of(index));
  }

  void add_to(report& out) const;
  /// True when each accepted message was found once, as it was sent.
  bool intact() const;

private:
  void compare(uint32_t mailbox, uint32_t index, std::string_view message, std::string_view sent_to);
  uint64_t lost() const;

  message_shape shape_;
  // By mailbox: the number of an accepted message, and how often it was found.
  std::vector<std::unordered_map<uint32_t, uint32_t>> mailboxes_;
  uint64_t checked_ = 0;
  uint64_t duplicates_ = 0;
  uint64_t damaged_bodies_ = 0;
  uint64_t changed_headers_ = 0;
  // Of this run, but not accepted for this mailbox: a connection that broke before its reply leaves such.
  uint64_t unaccepted_ = 0;
  uint64_t foreign_ = 0;
};

} // namespace stagepost::load
