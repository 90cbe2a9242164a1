#include "actors/outbound/job_reader.hpp"

#include "actors/envelope_record.hpp"
#include "actors/log/log.hpp"
#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"

namespace stagepost::outbound {

namespace {

/// Neighbours in the index that are of one message.
using row_span = std::vector<storage::outbound_row>;

/// The recipient a row leads to; nothing where his record says otherwise.
std::optional<storage::spool_recipient> recipient_of(const storage::store& in,
                                                     const storage::outbound_row& row, bool& good) {
  auto found = storage::read_recipients(in, row.id, row.index, 1, storage::reach::disk);
  if (!found) {
    good = false;
    return std::nullopt;
  }
  if (found->recipients.empty() || found->recipients.front().index != row.index) {
    // Damaged records stay as they are, and so do their rows.
    if (!found->damaged.empty() && found->damaged.front() == row.index) good = false;
    return std::nullopt;
  }
  auto& recipient = found->recipients.front();
  const bool fits = recipient.state == storage::recipient_state::remote &&
                    storage::destination_of(recipient) == row.destination &&
                    recipient.priority == row.priority && storage::due_time_of(recipient) == row.due_at;
  return fits ? std::optional(std::move(recipient)) : std::nullopt;
}

void pass_over(size_t number, const row_span& rows, jobs_found& out) {
  for (const auto& row : rows)
    out.passed_over.emplace_back(number, storage::recipient_key{row.id, row.index});
}

void read_job(const spool_shard& shard, size_t number, const row_span& rows, const job_question& what,
              jobs_found& out) {
  if (what.barred.count(rows.front().id) != 0) return pass_over(number, rows, out);
  const auto& store = *shard.with.store;
  const auto message = storage::read_spool(store, rows.front().id, storage::reach::disk);
  if (!message && message.error().code != storage::errc::not_found) {
    out.good = false;
    return pass_over(number, rows, out);
  }
  if (message && what.accepted_until && message->accepted_at > *what.accepted_until)
    return pass_over(number, rows, out);
  auto made = std::make_shared<job>();
  made->shard = number;
  for (const auto& row : rows) {
    bool good = true;
    auto recipient = message ? recipient_of(store, row, good) : std::nullopt;
    if (recipient)
      made->recipients.push_back(std::move(*recipient));
    else if (good)
      out.stray.emplace_back(number, row);
    else
      pass_over(number, {row}, out);
  }
  if (made->recipients.empty()) return;
  const auto body = storage::read_blob(store, message->body, storage::reach::disk);
  const auto envelope = decode_envelope(message->envelope);
  if (!body || !envelope) {
    log::error("queue {}: it cannot be sent: its body or envelope is damaged", rows.front().id.value);
    return pass_over(number, rows, out);
  }
  made->message = *message;
  made->envelope = *envelope;
  made->chunks = body->chunks;
  out.jobs.push_back(std::move(made));
}

} // namespace

jobs_found read_jobs(const std::vector<spool_shard>& shards, const job_question& what) {
  jobs_found out;
  for (size_t i = 0; i < shards.size(); ++i) {
    storage::outbound_question question{what.destination, what.now, what.furthest, what.limit, {}};
    if (const auto known = what.in_hand.find(i); known != what.in_hand.end()) question.skip = known->second;
    const auto rows = storage::read_outbound(*shards[i].with.store, question, storage::reach::disk);
    if (!rows) {
      out.good = false;
      continue;
    }
    if (rows->size() == what.limit) out.more = true;
    for (size_t at = 0; at < rows->size();) {
      row_span of_one;
      const auto id = (*rows)[at].id;
      while (at < rows->size() && (*rows)[at].id == id && of_one.size() < what.recipients_of_job)
        of_one.push_back((*rows)[at++]);
      read_job(shards[i], i, of_one, what, out);
    }
  }
  return out;
}

} // namespace stagepost::outbound
