#include "delivery_ledger.hpp"

namespace stagepost::load {

uint64_t delivery_ledger::expected() const {
  uint64_t sum = 0;
  for (const auto& mailbox : mailboxes_) sum += mailbox.size();
  return sum;
}

void delivery_ledger::compare(uint32_t mailbox, uint32_t index, std::string_view message,
                              std::string_view sent_to) {
  const auto entry = mailboxes_[mailbox].find(index);
  if (entry == mailboxes_[mailbox].end()) {
    ++unaccepted_;
    return;
  }
  ++checked_;
  if (++entry->second > 1) ++duplicates_;
  const auto sent = make_message(shape_, index, sent_to);
  // A server puts its trace fields on top (RFC 5321 4.4) and leaves the rest alone.
  if (message.ends_with(sent)) return;
  if (body_of(message) == body_of(sent))
    ++changed_headers_;
  else
    ++damaged_bodies_;
}

uint64_t delivery_ledger::lost() const {
  uint64_t count = 0;
  for (const auto& mailbox : mailboxes_)
    for (const auto& [message, seen] : mailbox) count += seen == 0;
  return count;
}

bool delivery_ledger::intact() const { return lost() == 0 && duplicates_ == 0 && damaged_bodies_ == 0; }

void delivery_ledger::add_to(report& out) const {
  out.add("checked", checked_);
  out.add("lost", lost());
  out.add("duplicates", duplicates_);
  out.add("damaged_bodies", damaged_bodies_);
  out.add("changed_headers", changed_headers_);
  out.add("unaccepted_but_delivered", unaccepted_);
  out.add("foreign", foreign_);
}

} // namespace stagepost::load
