#include "actors/delivery/reply.hpp"

#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"

namespace stagepost::delivery {

void put_reply(storage::batch& into, const reply& what) {
  for (const auto& each : what.superfluous) storage::delete_answered(into, each);
  storage::put_answered(into, what.between, what.answered);
  if (!what.id) return; // it waits
  const auto& record = what.message;
  storage::put_chunk(into, record.body, 0, what.content, true);
  storage::put_blob(into, record.body, {what.content.size(), 1, what.digest});
  storage::put_reference(into, record.body, storage::blob_owner::spool, what.id.value, 0);
  storage::put_spool(into, record);
  storage::put_recipient(into, what.id, what.recipient);
  storage::put_trace(into, what.id, 0, what.accepted);
  storage::put_trace_id(into, what.message_id, what.id);
}

uint32_t reply_step(const storage::spool_recipient& recipient) {
  // Behind the steps of all deliveries and of what is sent on, which have the bits alone.
  constexpr uint32_t replies = 3u << 30;
  return trace_number(recipient) + replies;
}

void put_told(storage::batch& into, const reply& what, queue_id of,
              const storage::spool_recipient& recipient) {
  if (what.told) storage::put_trace(into, of, reply_step(recipient), *what.told);
}

} // namespace stagepost::delivery
