#include "storage/rebuild.hpp"

#include "protocols/base/mailbox_page.hpp"
#include "storage/blobs.hpp"
#include "storage/key.hpp"
#include "storage/mailboxes.hpp"
#include "storage/rebuild_run.hpp"
#include "storage/recoverable.hpp"
#include "storage/slice.hpp"
#include "storage/status.hpp"

#include <rocksdb/db.h>

#include <algorithm>

namespace stagepost::storage {

namespace {

constexpr size_t batch_limit_bytes = 1 << 20;

bool comes_before(const std::pair<mailbox_id, account_id>& each, mailbox_id folder) {
  return each.first < folder;
}

void take_reference(rebuild_run& run, const blob_ref_key& reference) {
  const mailbox_id folder{reference.owner};
  const uid id{reference.item};
  const auto owner = run.owner_of(folder);
  if (!owner || !run.concerns(*owner)) return; // of a folder that was deleted, or of nobody we know
  if (const auto value = run.get(family::messages, key::message(folder, id))) {
    if (const auto message = decode_message(*value)) {
      if (message->body != reference.blob)
        run.note("body " + std::to_string(reference.blob.value) + " is kept by message " +
                 std::to_string(id.value) + " of mailbox " + std::to_string(folder.value) +
                 ", which has another body");
      return;
    }
  }
  if (run.is_kept(folder, id, reference.blob) || run.broken) return;
  const auto state = run.ensure_body(reference.blob);
  if (state == rebuild_run::body_state::lost) {
    drop_reference(run.writes, reference.blob, blob_owner::mailbox, folder.value, id.value);
    ++run.report.references_dropped;
    return run.make_room();
  }
  if (state != rebuild_run::body_state::there) return;
  const auto body = read_blob(run.shard, reference.blob, reach::disk);
  if (!body) return run.note("body " + std::to_string(reference.blob.value) + ": " + body.error().detail);
  // When it came says the log, later: there it is found by folder.
  put_message(run.writes, folder, id, {reference.blob, body->size_bytes, {}, {}, {}});
  ++run.report.records_made;
  run.make_room();
}

/// What was expunged and waits keeps its bodies, too, also what folders left that are gone.
void mend_recoverable(rebuild_run& run) {
  const auto groups = key::recoverable({}, {}).substr(0, 1);
  for (rebuild_run::cursor at(run, family::recoverable, groups); at.valid(); at.next()) {
    const mailbox_id folder{number_at(at.key(), 1)};
    const auto group = decode_recoverable(folder, at.value());
    if (!group) {
      run.note("expunged messages of mailbox " + std::to_string(folder.value) +
               " cannot be read: " + group.error().detail);
      continue;
    }
    if (!run.concerns(group->account)) continue;
    for (const auto& each : group->messages) run.ensure_reference(each.message.body, folder, each.uid);
    run.make_room();
  }
}

} // namespace

std::optional<account_id> rebuild_run::owner_of(mailbox_id folder) const {
  const auto at = std::lower_bound(owners.begin(), owners.end(), folder, comes_before);
  if (at == owners.end() || at->first != folder) return std::nullopt;
  return at->second;
}

void rebuild_run::note(std::string what) {
  ++report.note_count;
  if (report.notes.size() < options.note_limit) report.notes.push_back(std::move(what));
}

std::optional<bytes> rebuild_run::get(family f, bytes_view key) {
  if (broken) return std::nullopt;
  rocksdb::PinnableSlice value;
  const auto found = shard.get(f, key, value, reach::disk);
  if (found) return value.ToString();
  if (found.error().code != errc::not_found && found.error().code != errc::damaged) broken = found.error();
  return std::nullopt;
}

rebuild_run::cursor::cursor(rebuild_run& run, family f, bytes prefix, bytes_view from)
    : run_(run), end_(after_prefix(prefix)) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.total_order_seek = true;
  bound_ = to_slice(end_);
  if (!end_.empty()) options.iterate_upper_bound = &bound_;
  at_.reset(run.shard.db().NewIterator(options, run.shard.handle(f)));
  at_->Seek(to_slice(from > bytes_view(prefix) ? from : bytes_view(prefix)));
}

bool rebuild_run::cursor::valid() {
  if (run_.broken) return false;
  if (at_->Valid()) return true;
  // Behind a block that cannot be read there may be more: nothing is concluded from a table cut short.
  if (!at_->status().ok()) run_.broken = to_failure(at_->status());
  return false;
}

void rebuild_run::cursor::to_last() { at_->SeekToLast(); }

void rebuild_run::flush() {
  if (broken || writes.empty()) return;
  batch* const all[] = {&writes};
  const auto written = shard.commit(all).front();
  if (!written) broken = written.error();
  writes = batch(shard);
}

void rebuild_run::make_room() {
  if (writes.size_bytes() > batch_limit_bytes) flush();
}

rebuild_run::body_state rebuild_run::ensure_body(blob_id body) {
  if (const auto value = get(family::blobs, key::blob(body)); value && decode_blob(*value))
    return body_state::there;
  blob_record made;
  for (bool ended = false; !ended && !broken; ++made.chunks) {
    const auto piece = read_chunk(shard, body, made.chunks, reach::disk);
    if (!piece && piece.error().code == errc::not_found) break;
    if (!piece) {
      if (piece.error().code != errc::damaged) broken = piece.error();
      note("body " + std::to_string(body.value) + " cannot be read: " + piece.error().detail);
      return body_state::unreadable;
    }
    made.size_bytes += piece->size();
    ended = piece->size() < body_chunk_bytes;
  }
  if (broken) return body_state::unreadable;
  if (made.chunks == 0) {
    note("body " + std::to_string(body.value) + " is lost");
    return body_state::lost;
  }
  if (options.digest_of) {
    auto digest = options.digest_of(shard, body, made.chunks);
    if (!digest) {
      note("body " + std::to_string(body.value) + " cannot be parsed: " + digest.error().detail);
      return body_state::unreadable;
    }
    made.digest = std::move(*digest);
  }
  put_blob(writes, body, made);
  ++report.bodies_restored;
  flush(); // who asks next sees it
  return broken ? body_state::unreadable : body_state::there;
}

rebuild_run::body_state rebuild_run::ensure_reference(blob_id body, mailbox_id folder, uid id) {
  const auto state = ensure_body(body);
  if (state == body_state::lost || broken) return state;
  if (has(family::blob_refs, key::blob_ref(body, blob_owner::mailbox, folder.value, id.value))) return state;
  put_reference(writes, body, blob_owner::mailbox, folder.value, id.value);
  ++report.references_made;
  return state;
}

bool rebuild_run::is_kept(mailbox_id folder, uid id, blob_id body) {
  const uid first_of_page{id.value / uids_per_page * uids_per_page};
  const auto prefix = key::recoverable(folder, {}).substr(0, 9);
  for (cursor at(*this, family::recoverable, prefix, key::recoverable(folder, first_of_page));
       at.valid() && small_number_at(at.key(), 9) <= id.value; at.next()) {
    const auto group = decode_recoverable(folder, at.value());
    if (!group) continue;
    for (const auto& each : group->messages)
      if (each.uid == id && each.message.body == body) return true;
  }
  return false;
}

void rebuild_messages(rebuild_run& run) {
  for (rebuild_run::cursor at(run, family::blob_refs, {}); at.valid(); at.next()) {
    blob_ref_key reference;
    if (!take_blob_ref(at.key(), reference)) {
      run.note("a reference to body " + std::to_string(number_at(at.key(), 0)) + " cannot be read");
      continue;
    }
    if (reference.kind == blob_owner::mailbox) take_reference(run, reference);
  }
  mend_recoverable(run);
  run.flush();
}

namespace {

/// Bodies that nobody names cannot be put anywhere: nobody knows whose they are.
void note_bodies_of_nobody(rebuild_run& run) {
  for (rebuild_run::cursor at(run, family::blobs, {}); at.valid(); at.next()) {
    const blob_id body{number_at(at.key(), 0)};
    if (rebuild_run::cursor(run, family::blob_refs, key::blob(body)).valid()) continue;
    if (run.has(family::garbage, key::blob(body)) || run.broken) continue;
    const auto record = decode_blob(at.value());
    run.note("body " + std::to_string(body.value) +
             (record ? " of " + std::to_string(record->size_bytes) + " octets" : "") +
             " belongs to nobody we know");
  }
}

} // namespace

result<rebuild_report> rebuild(store& shard, const rebuild_options& options) {
  rebuild_run run(shard, options);
  rebuild_folder_records(run);
  rebuild_messages(run);
  for (size_t i = 0; i < run.owners.size() && !run.broken; ++i) {
    const auto [folder, account] = run.owners[i];
    if (run.concerns(account)) rebuild_contents(run, account, folder);
  }
  run.flush();
  if (!options.account) note_bodies_of_nobody(run);
  if (run.broken) return *run.broken;
  return run.report;
}

} // namespace stagepost::storage
