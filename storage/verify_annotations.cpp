#include "storage/annotations.hpp"
#include "storage/key.hpp"
#include "storage/small_records.hpp"
#include "storage/verify_view.hpp"

namespace stagepost::storage {

/// Each value can be read, and belongs to a mailbox that is there or not all gone yet.
void verify_annotations(verify_view& view) {
  for (verify_view::cursor at(view, family::annotations, {}); at.valid() && !view.broken(); at.next()) {
    const auto kind = at.key().empty() ? 0 : uint8_t(at.key().front());
    const auto number = number_at(at.key(), 1);
    if (kind != uint8_t(annotated::account) && kind != uint8_t(annotated::mailbox)) {
      view.find(family::annotations, number, "is about neither an account nor a mailbox");
      continue;
    }
    if (const auto value = decode_text(at.value()); !value)
      view.find(family::annotations, number, value.error());
    if (kind == uint8_t(annotated::mailbox) &&
        !view.has(family::mailbox_state, key::mailbox(mailbox_id{number})))
      view.find(family::annotations, number, "is about a mailbox that is not there");
  }
}

} // namespace stagepost::storage
