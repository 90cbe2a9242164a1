#include "storage/key.hpp"
#include "storage/records.hpp"
#include "storage/verify_view.hpp"

namespace stagepost::storage {

namespace {

void verify_mailbox_reference(verify_view& view, const blob_ref_key& reference) {
  const auto where = key::message(mailbox_id{reference.owner}, uid{reference.item});
  const auto value = view.get(family::messages, where);
  if (!value && is_recoverable(view, mailbox_id{reference.owner}, uid{reference.item}, reference.blob))
    return;
  if (!value)
    return view.find(family::blob_refs, reference.blob.value,
                     "kept by message " + std::to_string(reference.item) + " of mailbox " +
                         std::to_string(reference.owner) + ", which is not there");
  const auto message = decode_message(*value);
  if (message && message->body != reference.blob)
    view.find(family::blob_refs, reference.blob.value,
              "kept by message " + std::to_string(reference.item) + " of mailbox " +
                  std::to_string(reference.owner) + ", which has body " +
                  std::to_string(message->body.value));
}

void verify_spool_reference(verify_view& view, const blob_ref_key& reference) {
  const auto value = view.get(family::spool, key::queue(queue_id{reference.owner}));
  if (!value)
    return view.find(family::blob_refs, reference.blob.value,
                     "kept by " + std::to_string(reference.owner) + ", which is not in the spool");
  const auto message = decode_spool(queue_id{reference.owner}, *value);
  if (message && message->body != reference.blob)
    view.find(family::blob_refs, reference.blob.value,
              "kept by " + std::to_string(reference.owner) + " in the spool, which has another body");
}

} // namespace

void verify_references(verify_view& view) {
  blob_id last;
  for (verify_view::cursor at(view, family::blob_refs, {}); at.valid() && !view.broken(); at.next()) {
    blob_ref_key reference;
    ++view.report.references;
    if (!take_blob_ref(at.key(), reference)) {
      view.find(family::blob_refs, number_at(at.key(), 0), "a key that cannot be read");
      continue;
    }
    if (reference.blob != last && !view.has(family::blobs, key::blob(reference.blob)))
      view.find(family::blob_refs, reference.blob.value, "a body without record is referred to");
    last = reference.blob;
    if (reference.kind == blob_owner::mailbox)
      verify_mailbox_reference(view, reference);
    else
      verify_spool_reference(view, reference);
  }
}

} // namespace stagepost::storage
