#pragma once

#include "actors/delivery/interface.hpp"
#include "storage/batch.hpp"

namespace stagepost::delivery {

/// Puts a reply that has a message into the spool with `into`, a batch of the reply's shard, and who was
/// answered with it.
void put_reply(storage::batch& into, const reply& what);

/// Puts what is told of it into the trace of the message it answers, with the batch that ends the wait of
/// that recipient of it.
void put_told(storage::batch& into, const reply& what, queue_id of,
              const storage::spool_recipient& recipient);

} // namespace stagepost::delivery
