#include "storage/record.hpp"
#include "storage/records.hpp"

namespace stagepost::storage {

bytes encode(const blob_record& blob) {
  return record_writer(1).number(blob.size_bytes).number(blob.chunks).text(blob.digest).take();
}

result<blob_record> decode_blob(bytes_view value) {
  record_reader in(value, 1);
  blob_record blob;
  blob.size_bytes = in.number();
  blob.chunks = in.small();
  blob.digest = in.text();
  if (auto end = in.finish("the record of a body"); !end) return end.error();
  return blob;
}

bytes encode(const spool_record& message) {
  return record_writer(1)
      .number(message.body.value)
      .number(message.size_bytes)
      .time(message.accepted_at)
      .text(message.envelope)
      .text(message.sender)
      .text(message.authenticated_as)
      .number(message.recipients)
      .take();
}

result<spool_record> decode_spool(queue_id id, bytes_view value) {
  record_reader in(value, 1);
  spool_record message;
  message.id = id;
  message.body = blob_id{in.number()};
  message.size_bytes = in.number();
  message.accepted_at = in.time();
  message.envelope = in.text();
  message.sender = in.text();
  message.authenticated_as = in.text();
  message.recipients = in.small();
  if (auto end = in.finish("a record of the spool"); !end) return end.error();
  return message;
}

bytes encode(const spool_recipient& recipient) {
  // Only what needs the fields of later versions has them: most recipients are local.
  const bool plain = recipient.destination.empty() && recipient.priority == usual_priority;
  const bool ordered = recipient.is_priority_ordered;
  const bool whole = ordered || recipient.misses != 0 || recipient.is_put_off;
  record_writer out(ordered ? 4 : whole ? 3 : plain ? 1 : 2);
  out.text(recipient.address)
      .octet(uint8_t(recipient.state))
      .number(recipient.account.value)
      .octet(recipient.shard)
      .text(recipient.folder)
      .octet(recipient.notify)
      .text(recipient.original_recipient)
      .number(recipient.attempts)
      .time(recipient.due_at)
      .text(recipient.last_reply);
  if (whole || !plain) out.text(recipient.destination).octet(recipient.priority);
  if (whole) out.number(recipient.misses).octet(recipient.is_put_off ? 1 : 0);
  if (ordered) out.octet(1);
  return out.take();
}

result<spool_recipient> decode_recipient(uint32_t index, bytes_view value) {
  record_reader in(value, 4);
  spool_recipient recipient;
  recipient.index = index;
  recipient.address = in.text();
  recipient.state = in.kind(recipient_state::unchecked_alias);
  recipient.account = account_id{in.number()};
  recipient.shard = in.octet();
  recipient.folder = in.text();
  recipient.notify = in.octet();
  recipient.original_recipient = in.text();
  recipient.attempts = in.small();
  recipient.due_at = in.time();
  recipient.last_reply = in.text();
  if (in.version() >= 2) {
    recipient.destination = in.text();
    recipient.priority = in.octet();
    if (recipient.priority == 0 || recipient.priority > highest_priority) in.fail();
  }
  if (in.version() >= 3) {
    recipient.misses = in.small();
    recipient.is_put_off = in.flag();
  }
  if (in.version() >= 4) recipient.is_priority_ordered = in.flag();
  if (auto end = in.finish("the record of a recipient"); !end) return end.error();
  return recipient;
}

bytes encode(const trace_step& step) {
  record_writer out(1);
  out.time(step.at).octet(uint8_t(step.kind)).number(step.facts.size());
  for (const auto& [name, value] : step.facts) out.text(name).text(value);
  return out.take();
}

result<trace_step> decode_trace(bytes_view value) {
  record_reader in(value, 1);
  trace_step step;
  step.at = in.time();
  step.kind = in.kind(trace_kind::not_replied);
  step.facts.resize(in.count(2));
  for (auto& [name, fact] : step.facts) {
    name = in.text();
    fact = in.text();
  }
  if (auto end = in.finish("a step of a trace"); !end) return end.error();
  return step;
}

} // namespace stagepost::storage
