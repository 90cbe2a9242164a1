#pragma once

#include "actors/delivery/interface.hpp"
#include "storage/batch.hpp"

namespace stagepost::delivery {

/// Puts what is sent on into the spool with `into`, which ends the wait of that recipient of the message it
/// comes from: so a crash leaves both or neither.
void put_forward(storage::batch& into, const forward& what, queue_id from,
                 const storage::spool_recipient& recipient);

} // namespace stagepost::delivery
