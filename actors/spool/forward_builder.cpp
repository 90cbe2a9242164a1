#include "actors/spool/forward_builder.hpp"

#include "actors/envelope_record.hpp"
#include "protocols/base/queue_id.hpp"

namespace stagepost::spool {

namespace {

/// RFC 3461 5.2.7: who asked to hear of success is not told of it by each of several who get the message.
uint8_t notify_of(const storage::spool_recipient& before, bool is_alone) {
  if (is_alone || before.notify == 0) return before.notify;
  const auto rest = uint8_t(before.notify & ~smtp::notify_success);
  return rest == 0 ? uint8_t(smtp::notify_never) : rest;
}

storage::spool_recipient recipient_of(const domain::forward_target& target, const forward_source& from,
                                      bool is_alone, instant now) {
  storage::spool_recipient made;
  made.address = target.address;
  made.notify = notify_of(from.recipient, is_alone);
  made.original_recipient = from.recipient.original_recipient;
  made.due_at = now;
  switch (target.kind) {
  case domain::address_kind::account:
    made.state = storage::recipient_state::local;
    made.account = target.target.account;
    made.shard = target.target.shard;
    made.folder = target.target.folder;
    break;
  case domain::address_kind::elsewhere: made.state = storage::recipient_state::remote; break;
  default: made.state = storage::recipient_state::expanding; break;
  }
  return made;
}

/// The one mark of each hop, so that the way has an end wherever it leads.
void mark(smtp::envelope& envelope, const std::string& address) {
  envelope.delivered_to.push_back(address);
  envelope.forwarded_for.insert(envelope.forwarded_for.begin(), address);
}

} // namespace

delivery::forward make_forward(const forward_source& from, const domain::forward_planned& plan, queue_id id,
                               instant now) {
  delivery::forward made;
  made.keeps_copy = plan.keeps_copy;
  for (const auto& each : plan.to) {
    made.recipients.push_back(recipient_of(each, from, plan.to.size() == 1 && !plan.keeps_copy, now));
    made.recipients.back().index = uint32_t(made.recipients.size() - 1);
  }
  auto envelope = from.envelope;
  if (envelope.origin.mail_from.empty()) envelope.origin.mail_from = envelope.sender;
  envelope.sender = plan.sender;
  mark(envelope, plan.address);
  made.message = from.message; // whoever handed it in signs for it still
  made.message.id = id;
  made.message.accepted_at = now;
  made.message.envelope = encode_envelope(envelope);
  made.message.sender = plan.sender;
  made.message.recipients = uint32_t(made.recipients.size());

  storage::trace_step sent{now, storage::trace_kind::forwarded, {{"recipient", from.recipient.address}}};
  sent.facts.emplace_back("as", to_text(id));
  sent.facts.emplace_back("from", plan.sender);
  made.accepted = {now, storage::trace_kind::accepted, {{"by", "spool.queue"}}};
  made.accepted.facts.emplace_back("forward_of", to_text(from.message.id));
  made.accepted.facts.emplace_back("forwarded_for", plan.address);
  made.accepted.facts.emplace_back("from", plan.sender);
  for (const auto& each : plan.to)
    for (auto* step : {&sent, &made.accepted}) step->facts.emplace_back("to", each.address);
  made.accepted.facts.emplace_back("size", std::to_string(from.message.size_bytes));
  if (!plan.sender_problem.empty()) sent.facts.emplace_back("sender_not_rewritten", plan.sender_problem);
  if (!plan.keeps_copy) sent.facts.emplace_back("copy", "none");
  if (!plan.to.empty()) made.told.push_back(std::move(sent));

  if (plan.not_sent_to.empty()) return made;
  storage::trace_step not_sent{
      now, storage::trace_kind::not_forwarded, {{"recipient", from.recipient.address}}};
  for (const auto& [address, why] : plan.not_sent_to) {
    not_sent.facts.emplace_back("to", address);
    not_sent.facts.emplace_back("why", why);
  }
  made.told.push_back(std::move(not_sent));
  return made;
}

} // namespace stagepost::spool
