#pragma once

#include "actors/delivery/interface.hpp"
#include "storage/batch.hpp"

namespace stagepost::delivery {

/// Puts a reply that is made into the spool with `into`, a batch of the reply's shard, and who was answered
/// with it. One that waits is put where it waits.
void put_reply(storage::batch& into, const reply& what);

/// The number of what is told of a reply in the trace of the message it answers.
uint32_t reply_step(const storage::spool_recipient& recipient);

/// Puts what is told of it there, with the batch that ends the wait of that recipient of the message.
void put_told(storage::batch& into, const reply& what, queue_id of,
              const storage::spool_recipient& recipient);

} // namespace stagepost::delivery
