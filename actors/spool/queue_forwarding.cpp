#include "actors/envelope_record.hpp"
#include "actors/error.hpp"
#include "actors/spool/forward_builder.hpp"
#include "actors/spool/queue.hpp"
#include "actors/wall_clock.hpp"

// Recipients whose mail is sent on.

namespace stagepost::spool {

void queue_state::forward(delivery::deliver_locally order) {
  auto envelope = decode_envelope(order.message.envelope);
  // Damaged: where it has been, and whom it is from, is not known, so it goes no further than the mailbox.
  if (!envelope) return give_to_delivery(std::move(order));
  const auto not_now = [this, id = order.message.id, recipient = order.recipient,
                        last = order.last](const std::string& why) {
    delivered(id, recipient, last, {delivery::result_kind::unknown, "451 4.3.0 " + why});
  };
  domain::plan_forward question{order.recipient.account, envelope->sender, envelope->delivered_to};
  self->request(directory, caf::infinite, std::move(question))
      .then(
          [this, order, envelope, not_now](domain::forward_planned& plan) mutable {
            if (!plan.done) return not_now("the directory cannot be read now");
            const auto now = wall_clock();
            if (!plan.to.empty() || !plan.not_sent_to.empty()) {
              auto made = make_forward({order.message, *envelope, order.recipient}, plan,
                                       with.store->next_queue_id(now), now);
              for (auto& each : made.recipients)
                if (each.state == storage::recipient_state::remote)
                  each.priority = first_priority(made.message, each);
              order.forward = std::make_shared<const delivery::forward>(std::move(made));
            }
            give_to_delivery(std::move(order));
          },
          [not_now](caf::error& failed) { not_now(describe(failed)); });
}

} // namespace stagepost::spool
