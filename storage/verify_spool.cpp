#include "storage/key.hpp"
#include "storage/outbound_table.hpp"
#include "storage/records.hpp"
#include "storage/verify_view.hpp"

namespace stagepost::storage {

namespace {

void verify_waiting(verify_view& view) {
  for (verify_view::cursor at(view, family::spool, {}); at.valid() && !view.broken(); at.next()) {
    const queue_id id{number_at(at.key(), 0)};
    const auto message = decode_spool(id, at.value());
    ++view.report.spooled;
    if (!message) {
      view.find(family::spool, id.value, message.error());
      continue;
    }
    // The reference of a waiting message has item 0.
    if (!view.has(family::blob_refs, key::blob_ref(message->body, blob_owner::spool, id.value, 0)))
      view.find(family::spool, id.value, "has no reference to its body");
    if (!view.has(family::blobs, key::blob(message->body)))
      view.find(family::spool, id.value, "has lost its body");
  }
}

/// Who is not in the index is never tried again.
void verify_outbound_of(verify_view& view, queue_id id, const spool_recipient& recipient) {
  const auto due_at = due_time_of(recipient);
  if (!view.has(family::outbound_due, key::outbound_due(due_at, id, recipient.index)))
    view.find(family::spool_recipients, id.value, "a recipient elsewhere is not among those due");
  if (!view.has(
          family::outbound_destinations,
          key::outbound_item(destination_of(recipient), recipient.priority, due_at, id, recipient.index)))
    view.find(family::spool_recipients, id.value, "a recipient elsewhere is not found by his destination");
}

/// Rows of the index are made of the records they lead to.
void verify_outbound(verify_view& view) {
  const auto recipient_at = [&](family f, queue_id id, uint32_t index) -> std::optional<spool_recipient> {
    const auto record = view.get(family::spool_recipients, key::queue_item(id, index));
    if (record) {
      if (auto found = decode_recipient(index, *record); found && found->state == recipient_state::remote)
        return *found;
      if (!decode_recipient(index, *record)) return std::nullopt; // told already
    }
    if (!view.broken()) view.find(f, id.value, "leads to no recipient elsewhere");
    return std::nullopt;
  };
  for (verify_view::cursor at(view, family::outbound_due, {}); at.valid() && !view.broken(); at.next()) {
    const queue_id id{number_at(at.key(), 8)};
    const auto found = recipient_at(family::outbound_due, id, small_number_at(at.key(), 16));
    if (found && key::outbound_due(due_time_of(*found), id, found->index) != at.key())
      view.find(family::outbound_due, id.value, "has another time than the recipient it leads to");
  }
  for (verify_view::cursor at(view, family::outbound_destinations, {}); at.valid() && !view.broken();
       at.next()) {
    outbound_item_key parts;
    if (!take_outbound_item(at.key(), parts)) {
      view.find(family::outbound_destinations, 0, "has a key that cannot be read");
      continue;
    }
    const auto found = recipient_at(family::outbound_destinations, parts.id, parts.index);
    if (found && key::outbound_item(destination_of(*found), found->priority, due_time_of(*found), parts.id,
                                    parts.index) != at.key())
      view.find(family::outbound_destinations, parts.id.value, "is not as the recipient it leads to says");
  }
}

void verify_recipients(verify_view& view) {
  queue_id last;
  for (verify_view::cursor at(view, family::spool_recipients, {}); at.valid() && !view.broken(); at.next()) {
    const queue_id id{number_at(at.key(), 0)};
    const auto index = small_number_at(at.key(), 8);
    ++view.report.recipients;
    if (const auto recipient = decode_recipient(index, at.value()); !recipient)
      view.find(family::spool_recipients, id.value, recipient.error());
    else if (recipient->state == recipient_state::remote)
      verify_outbound_of(view, id, *recipient);
    if (id != last && !view.has(family::spool, key::queue(id)))
      view.find(family::spool_recipients, id.value, "recipients of a message that is not in the spool");
    last = id;
  }
}

} // namespace

void verify_spool(verify_view& view) {
  verify_waiting(view);
  verify_recipients(view);
  verify_outbound(view);
}

} // namespace stagepost::storage
