#pragma once

#include "actors/delivery/interface.hpp"
#include "actors/domain/interface.hpp"
#include "protocols/smtp/envelope.hpp"

namespace stagepost::spool {

/// A waiting message, and the recipient of it whose mail is sent on.
struct forward_source {
  const storage::spool_record& message;
  const smtp::envelope& envelope;
  const storage::spool_recipient& recipient;
};

/// What is sent on of it, as the directory planned it, under the number `id`.
delivery::forward make_forward(const forward_source& from, const domain::forward_planned& plan, queue_id id,
                               instant now);

} // namespace stagepost::spool
