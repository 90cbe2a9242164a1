#include "actors/outbound/report_writer.hpp"

#include "actors/envelope_record.hpp"
#include "actors/outbound/content.hpp"
#include "actors/outbound/verdict.hpp"
#include "actors/priority_rules.hpp"
#include "protocols/base/queue_id.hpp"
#include "protocols/mime/digest_builder.hpp"
#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"

#include <openssl/rand.h>

#include <algorithm>

namespace stagepost::outbound {

namespace {

constexpr size_t random_octets = 16;
/// The step of a trace that says why nobody got a report; the last of them is kept.
constexpr uint32_t untold_step = 998;

bytes fresh_random() {
  bytes out(random_octets, '\0');
  // It only has to differ from what stands in the message.
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), int(out.size())) != 1) return out;
  return out;
}

/// The beginning of the stored message, as it came.
bytes returned_part(const storage::store& store, const report_order& what, bool whole) {
  const auto most = whole ? what.size_bytes : uint64_t(report::max_returned_header);
  const auto stored =
      storage::read_body(store, what.body, 0, std::min(what.size_bytes, most), storage::reach::disk);
  bytes out;
  if (!stored) return out; // a report without it says more than none
  leaving_content leaving;
  leaving.feed(*stored, out);
  leaving.finish(out);
  return out;
}

storage::recipient_state state_for(const domain::address_found& found) {
  switch (found.kind) {
  case domain::address_kind::account: return storage::recipient_state::local;
  case domain::address_kind::elsewhere: return storage::recipient_state::remote;
  default: return storage::recipient_state::expanding; // the queue asks again
  }
}

bool can_be_told(const domain::address_found& found) {
  switch (found.kind) {
  case domain::address_kind::account:
  case domain::address_kind::alias:
  case domain::address_kind::returning:
  case domain::address_kind::elsewhere:
  case domain::address_kind::unavailable:
  case domain::address_kind::domain_full: return true;
  case domain::address_kind::unknown:
  case domain::address_kind::disabled:
  case domain::address_kind::malformed: break;
  }
  return false;
}

/// A mistyped sender should not be a riddle to whoever looks for the report.
void trace_untold(storage::batch& into, const report_order& what) {
  const auto why =
      what.found.kind == domain::address_kind::disabled ? "the sender is switched off" : "no such sender";
  storage::put_trace(into, what.reported_on, untold_step,
                     {what.about.now,
                      storage::trace_kind::untold,
                      {{"sender", what.reader}, {"reply", why}}});
}

storage::spool_record put_body(storage::batch& into, storage::store& store, bytes_view text) {
  storage::spool_record record;
  record.body = store.next_blob();
  record.size_bytes = text.size();
  mime::digest_builder builder;
  builder.feed(text);
  const auto digest = builder.finish();
  uint32_t chunks = 0;
  for (auto rest = text; !rest.empty() || chunks == 0;) {
    const auto piece = rest.substr(0, storage::body_chunk_bytes);
    rest.remove_prefix(piece.size());
    storage::put_chunk(into, record.body, chunks++, piece, rest.empty());
  }
  storage::put_blob(into, record.body, {text.size(), chunks, mime::encode(digest)});
  return record;
}

} // namespace

std::optional<queue_id> write_report(storage::batch& into, storage::store& store, report_order what) {
  if (!can_be_told(what.found)) {
    trace_untold(into, what);
    return std::nullopt;
  }
  const auto now = what.about.now;
  const auto id = store.next_queue_id(now);
  what.about.message_id = to_text(id) + '@' + what.about.reporting_host;
  what.about.random = fresh_random();
  const bool whole = report::returns_whole_message(what.about, what.size_bytes, what.most_returned_bytes);
  const auto made = report::compose_dsn(what.about, returned_part(store, what, whole), whole);
  if (!made || made->envelope.recipients.empty()) return std::nullopt;
  auto record = put_body(into, store, "Return-Path: <>\r\n" + made->message);
  record.id = id;
  record.accepted_at = now;
  record.envelope = encode_envelope(made->envelope);
  record.recipients = 1;
  storage::spool_recipient to;
  to.address = made->envelope.recipients.front().address;
  to.notify = made->envelope.recipients.front().notify;
  to.state = state_for(what.found);
  to.due_at = now;
  if (to.state == storage::recipient_state::local) {
    to.account = what.found.target.account;
    to.shard = what.found.target.shard;
    to.folder = what.found.target.folder;
  } else if (to.state == storage::recipient_state::remote) {
    priority_rules priorities;
    priorities.follow(what.settings);
    to.priority = priorities.at_first({}, record.size_bytes, mail_class::bounce);
  }
  storage::put_reference(into, record.body, storage::blob_owner::spool, id.value, 0);
  storage::put_spool(into, record);
  storage::put_recipient(into, id, to);
  storage::put_trace(into, id, 0,
                     {now,
                      storage::trace_kind::accepted,
                      {{"by", "outbound.report"},
                       {"from", ""},
                       {"to", to.address},
                       {"report_on", what.about.queue_id},
                       {"size", std::to_string(record.size_bytes)}}});
  storage::put_trace_id(into, what.about.message_id, id);
  return id;
}

report_order order_report(const setup& with, const job& on, std::vector<report::reported_recipient> told,
                          instant now) {
  report_order order;
  order.settings = with.settings->get();
  order.reader = reader_of_reports(on.envelope, order.settings->spool);
  order.about.reporting_host = with.host_name;
  order.about.original = on.envelope;
  if (on.envelope.sender.empty()) order.about.to = order.reader;
  order.about.queue_id = to_text(on.message.id);
  order.reported_on = on.message.id;
  order.about.arrived_at = on.message.accepted_at;
  order.about.now = now;
  order.about.recipients = std::move(told);
  order.body = on.message.body;
  order.size_bytes = on.message.size_bytes;
  order.most_returned_bytes = order.settings->smtp_out.returned_message.bytes;
  return order;
}

} // namespace stagepost::outbound
