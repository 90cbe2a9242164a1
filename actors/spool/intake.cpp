#include "actors/spool/intake.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"

#include <set>
#include <sys/statvfs.h>

namespace stagepost::spool {

namespace {

constexpr auto space_age = std::chrono::milliseconds(500);
constexpr uint8_t envelope_version = 1;

} // namespace

bytes encode_envelope(const smtp::envelope& envelope) {
  bytes out;
  out.push_back(char(envelope_version));
  append_counted(out, envelope.sender);
  out.push_back(char(envelope.body));
  out.push_back(char(envelope.smtp_utf8));
  out.push_back(char(envelope.ret));
  append_counted(out, envelope.envelope_id);
  return out;
}

std::optional<smtp::envelope> decode_envelope(bytes_view in) {
  if (in.empty() || uint8_t(in.front()) != envelope_version) return std::nullopt;
  in.remove_prefix(1);
  smtp::envelope out;
  bytes_view sender, id;
  if (!take_counted(in, sender) || in.size() < 3) return std::nullopt;
  out.sender = sender;
  out.body = smtp::body_type(in[0]);
  out.smtp_utf8 = in[1] != 0;
  out.ret = smtp::return_content(in[2]);
  in.remove_prefix(3);
  if (!take_counted(in, id)) return std::nullopt;
  out.envelope_id = id;
  return out;
}

bool intake_state::has_space() {
  const auto now = std::chrono::steady_clock::now();
  if (now - space_asked_at < space_age) return space_left;
  space_asked_at = now;
  struct statvfs disk {};
  if (::statvfs(with.store->folder().c_str(), &disk) != 0) return space_left;
  const auto free = uint64_t(disk.f_bavail) * disk.f_frsize;
  const bool enough = free > settings->get()->store.disk_reserve.bytes;
  if (enough != space_left)
    log::warn("store {}: {} free octets, {}", with.store->folder(), free,
              enough ? "accepting mail again" : "below the reserve, no mail is accepted");
  space_left = enough;
  return space_left;
}

caf::result<message_accepted> intake_state::accept(const accept_message& what) {
  if (with.store->failed() || !has_space()) return to_error({storage::errc::disk_full, "no space in the spool"});
  auto batch = std::make_shared<storage::batch>(*with.store);
  storage::put_chunk(*batch, what.body, what.chunks - 1, *what.last_chunk, true);
  storage::put_blob(*batch, what.body, {what.size_bytes, what.chunks, what.digest});
  storage::put_reference(*batch, what.body, storage::blob_owner::spool, what.id.value, 0);

  enqueue_message order;
  auto& record = order.what.message;
  record.id = what.id;
  record.body = what.body;
  record.size_bytes = what.size_bytes;
  record.accepted_at = what.accepted_at;
  record.envelope = encode_envelope(what.envelope);
  record.sender = what.envelope.sender;
  record.authenticated_as = what.authenticated_as;
  std::set<std::pair<account_id, std::string>> seen; // the same mailbox named twice gets one copy
  for (const auto& each : what.recipients) {
    storage::spool_recipient recipient;
    recipient.index = uint32_t(order.what.recipients.size());
    recipient.address = each.recipient.address;
    recipient.notify = each.recipient.notify;
    recipient.original_recipient = each.recipient.original_recipient;
    recipient.due_at = what.accepted_at;
    switch (each.kind) {
    case domain::address_kind::account:
      if (!seen.emplace(each.target.account, each.target.folder).second) continue;
      recipient.state = storage::recipient_state::local;
      recipient.account = each.target.account;
      recipient.shard = each.target.shard;
      recipient.folder = each.target.folder;
      break;
    case domain::address_kind::alias: recipient.state = storage::recipient_state::expanding; break;
    default: recipient.state = storage::recipient_state::remote; break;
    }
    storage::put_recipient(*batch, what.id, recipient);
    order.what.recipients.push_back(std::move(recipient));
    order.quotas.push_back(each.target.quota_bytes);
  }
  record.recipients = uint32_t(order.what.recipients.size());
  storage::put_spool(*batch, record);
  for (uint32_t i = 0; i < what.trace.size(); ++i) storage::put_trace(*batch, what.id, i, what.trace[i]);
  if (!what.message_id.empty()) storage::put_trace_id(*batch, what.message_id, what.id);

  auto answer = self->make_response_promise<message_accepted>();
  self->request(with.committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr})
      .then(
          [this, answer, order = std::move(order)](committer::committed) mutable {
            const auto id = order.what.message.id;
            self->send(queue, std::move(order));
            answer.deliver(message_accepted{id});
          },
          [answer](caf::error& failed) mutable {
            log::error("spool: message not taken: {}", describe(failed));
            answer.deliver(std::move(failed));
          });
  return answer;
}

intake_actor::behavior_type intake(intake_actor::stateful_pointer<intake_state> self, mailbox::services with,
                                   queue_actor queue, live_settings_ptr settings) {
  outlive_stray_errors(self);
  self->state.self = self;
  self->state.with = std::move(with);
  self->state.queue = std::move(queue);
  self->state.settings = std::move(settings);
  return {
      [self](const accept_message& what) { return self->state.accept(what); },
      [self](const may_accept&) { return !self->state.with.store->failed() && self->state.has_space(); },
  };
}

} // namespace stagepost::spool
