#include "storage/key.hpp"
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

void verify_recipients(verify_view& view) {
  queue_id last;
  for (verify_view::cursor at(view, family::spool_recipients, {}); at.valid() && !view.broken(); at.next()) {
    const queue_id id{number_at(at.key(), 0)};
    const auto index = small_number_at(at.key(), 8);
    ++view.report.recipients;
    if (const auto recipient = decode_recipient(index, at.value()); !recipient)
      view.find(family::spool_recipients, id.value, recipient.error());
    if (id != last && !view.has(family::spool, key::queue(id)))
      view.find(family::spool_recipients, id.value, "recipients of a message that is not in the spool");
    last = id;
  }
}

} // namespace

void verify_spool(verify_view& view) {
  verify_waiting(view);
  verify_recipients(view);
}

} // namespace stagepost::storage
