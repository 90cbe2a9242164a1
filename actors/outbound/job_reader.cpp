#include "actors/outbound/job_reader.hpp"

#include "actors/envelope_record.hpp"
#include "actors/log/log.hpp"
#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"

namespace stagepost::outbound {

namespace {

/// Neighbours in the index that are of one message.
using row_span = std::vector<storage::outbound_row>;

using places = std::vector<std::pair<size_t, storage::recipient_key>>;

/// What a row leads to.
enum class row_end : uint8_t { recipient, nothing, damage, unread };

row_end follow(const storage::store& in, const storage::outbound_row& row, storage::spool_recipient& out) {
  auto found = storage::read_recipients(in, row.id, row.index, 1, storage::reach::disk);
  if (!found) return is_damage(found.error().code) ? row_end::damage : row_end::unread;
  if (found->recipients.empty() || found->recipients.front().index != row.index) {
    // Damaged records stay as they are, and so do their rows.
    const bool damaged = !found->damaged.empty() && found->damaged.front() == row.index;
    return damaged ? row_end::damage : row_end::nothing;
  }
  out = std::move(found->recipients.front());
  const bool fits = out.state == storage::recipient_state::remote &&
                    storage::destination_of(out) == row.destination && out.priority == row.priority &&
                    storage::due_time_of(out) == row.due_at;
  return fits ? row_end::recipient : row_end::nothing;
}

void put(places& into, size_t number, const storage::outbound_row& row) {
  into.emplace_back(number, storage::recipient_key{row.id, row.index});
}

void pass_over(size_t number, const row_span& rows, jobs_found& out) {
  for (const auto& row : rows) put(out.passed_over, number, row);
}

void leave_unread(size_t number, const row_span& rows, jobs_found& out) {
  out.good = false;
  for (const auto& row : rows) put(out.unread, number, row);
}

/// In `made`, the recipients that the rows lead to.
void read_recipients_of(const storage::store& store, size_t number, const row_span& rows,
                        const job_question& what, job& made, jobs_found& out) {
  for (const auto& row : rows) {
    storage::spool_recipient recipient;
    switch (follow(store, row, recipient)) {
    case row_end::recipient:
      // Without a failed attempt he is held on purpose.
      if (what.everything && recipient.attempts == 0 && row.due_at > what.now && row.due_at <= what.furthest)
        out.not_yet.push_back({{number, {row.id, row.index}}, row.due_at});
      else
        made.recipients.push_back(std::move(recipient));
      break;
    case row_end::nothing: out.stray.emplace_back(number, row); break;
    case row_end::damage: pass_over(number, {row}, out); break;
    case row_end::unread: leave_unread(number, {row}, out); break;
    }
  }
}

void read_job(const spool_shard& shard, size_t number, const row_span& rows, const job_question& what,
              jobs_found& out) {
  const auto id = rows.front().id;
  if (what.barred.count(id) != 0) return pass_over(number, rows, out);
  const auto& store = *shard.with.store;
  const auto message = storage::read_spool(store, id, storage::reach::disk);
  if (!message && message.error().code == storage::errc::not_found) {
    for (const auto& row : rows) out.stray.emplace_back(number, row);
    return;
  }
  if (!message)
    return is_damage(message.error().code) ? pass_over(number, rows, out) : leave_unread(number, rows, out);
  auto made = std::make_shared<job>();
  made->shard = number;
  read_recipients_of(store, number, rows, what, *made, out);
  if (made->recipients.empty()) return;
  const auto body = storage::read_blob(store, message->body, storage::reach::disk);
  if (!body && !is_damage(body.error().code)) return leave_unread(number, rows, out);
  const auto envelope = decode_envelope(message->envelope);
  if (!body || !envelope) {
    log::error("queue {}: it cannot be sent: its body or envelope is damaged", id.value);
    return pass_over(number, rows, out);
  }
  made->message = *message;
  made->envelope = *envelope;
  made->way.wish = wish_of(*envelope);
  made->chunks = body->chunks;
  out.jobs.push_back(std::move(made));
}

} // namespace

bool is_damage(storage::errc why) { return why == storage::errc::damaged || why == storage::errc::not_found; }

bool came_later(const storage::spool_record& message, instant than, instant now) {
  return message.accepted_at > than && message.accepted_at <= now;
}

jobs_found read_jobs(const std::vector<spool_shard>& shards, const job_question& what) {
  jobs_found out;
  for (size_t i = 0; i < shards.size(); ++i) {
    storage::outbound_question question{what.destination, what.now, what.furthest, what.limit, {}};
    question.priorities = what.priorities;
    if (const auto known = what.begins.find(i); known != what.begins.end()) question.from = known->second;
    if (what.everything) question.now = question.furthest;
    if (const auto known = what.in_hand.find(i); known != what.in_hand.end()) question.skip = known->second;
    auto found = storage::read_outbound(*shards[i].with.store, question, storage::reach::disk);
    if (!found) {
      out.good = false;
      continue;
    }
    out.begins[i] = std::move(found->begins);
    const auto& rows = found->rows;
    if (rows.size() == what.limit) out.more = true;
    for (size_t at = 0; at < rows.size();) {
      row_span of_one;
      const auto id = rows[at].id;
      while (at < rows.size() && rows[at].id == id && of_one.size() < what.recipients_of_job)
        of_one.push_back(rows[at++]);
      read_job(shards[i], i, of_one, what, out);
    }
  }
  return out;
}

} // namespace stagepost::outbound
