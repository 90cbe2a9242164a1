#include "actors/delivery/forward.hpp"

#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"

namespace stagepost::delivery {

namespace {

/// A recipient's steps about forwarding stand behind those of all deliveries.
uint32_t forward_number(const storage::spool_recipient& recipient, storage::trace_kind kind) {
  constexpr uint32_t sent = 1u << 30;
  constexpr uint32_t not_sent = 1u << 31;
  return trace_number(recipient) + (kind == storage::trace_kind::forwarded ? sent : not_sent);
}

} // namespace

void put_forward(storage::batch& into, const forward& what, queue_id from,
                 const storage::spool_recipient& recipient) {
  for (const auto& each : what.told)
    storage::put_trace(into, from, forward_number(recipient, each.kind), each);
  if (what.recipients.empty()) return;
  const auto id = what.message.id;
  storage::put_reference(into, what.message.body, storage::blob_owner::spool, id.value, 0);
  storage::put_spool(into, what.message);
  for (const auto& each : what.recipients) storage::put_recipient(into, id, each);
  storage::put_trace(into, id, 0, what.accepted);
}

} // namespace stagepost::delivery
