#include "actors/envelope_record.hpp"
#include "actors/error.hpp"
#include "actors/spool/forward_builder.hpp"
#include "actors/spool/queue.hpp"
#include "actors/wall_clock.hpp"

// Recipients whose mail is sent on, or answered.

namespace stagepost::spool {

void queue_state::note_wishes(working& of, const domain::account_target& who) {
  if (who.forwards != domain::forwarding::none) of.forwarding.insert(who.account);
  if (who.answers) of.answering.insert(who.account);
}

void queue_state::not_now(const delivery::deliver_locally& order, const std::string& why) {
  delivered(order.message.id, order.recipient, order.last,
            {delivery::result_kind::unknown, "451 4.3.0 " + why});
}

void queue_state::reply_to(delivery::deliver_locally order) {
  if (!responder || at_work.at(order.message.id).answering.count(order.recipient.account) == 0)
    return give_to_delivery(std::move(order));
  delivery::plan_reply question{order.message, order.recipient, with.store->shard()};
  self->request(responder, caf::infinite, std::move(question))
      .then(
          [this, order](delivery::reply_planned& planned) mutable {
            if (!planned.done) return not_now(order, "whether it is to be answered is not known now");
            order.reply = planned.reply;
            give_to_delivery(std::move(order));
          },
          [this, order](caf::error& failed) { not_now(order, describe(failed)); });
}

void queue_state::forward(delivery::deliver_locally order) {
  auto envelope = decode_envelope(order.message.envelope);
  // Damaged: where it has been, and whom it is from, is not known, so it goes no further than the mailbox.
  if (!envelope) return reply_to(std::move(order));
  domain::plan_forward question{order.recipient.account, envelope->sender, envelope->delivered_to};
  self->request(directory, caf::infinite, std::move(question))
      .then(
          [this, order, envelope](domain::forward_planned& plan) mutable {
            if (!plan.done) return not_now(order, "the directory cannot be read now");
            const auto now = wall_clock();
            if (!plan.to.empty() || !plan.not_sent_to.empty()) {
              auto made = make_forward({order.message, *envelope, order.recipient}, plan,
                                       with.store->next_queue_id(now), now);
              for (auto& each : made.recipients)
                if (each.state == storage::recipient_state::remote)
                  each.priority = first_priority(made.message, each);
              order.forward = std::make_shared<const delivery::forward>(std::move(made));
            }
            reply_to(std::move(order));
          },
          [this, order](caf::error& failed) { not_now(order, describe(failed)); });
}

} // namespace stagepost::spool
