#include "actors/outbound/dispatcher.hpp"

#include "actors/envelope_record.hpp"
#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/outbound/report_writer.hpp"
#include "actors/outbound/verdict.hpp"
#include "actors/wall_clock.hpp"
#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"

// What the spools ask for: leave a message alone for a while, take one out that has nobody left, write
// down whom they could not serve.

namespace stagepost::outbound {

namespace {

/// Messages that are looked at, and taken out, at a time.
constexpr size_t settle_step = 100;
/// More are not kept in mind: what is forgotten stays, empty, until the next start.
constexpr size_t settle_limit = 1000000;

settlement look_at(const setup& with, const std::vector<queue_id>& ids) {
  settlement found;
  for (const auto id : ids)
    for (size_t i = 0; i < with.shards.size(); ++i) {
      const auto& store = *with.shards[i].with.store;
      const auto message = storage::read_spool(store, id, storage::reach::disk);
      if (!message) {
        if (message.error().code == storage::errc::io_error) found.unread.push_back(id);
        continue;
      }
      const auto left = storage::read_recipients(store, id, 0, 1, storage::reach::disk);
      if (!left)
        found.unread.push_back(id);
      else if (left->recipients.empty() && left->damaged.empty())
        found.empty.emplace_back(i, *message);
    }
  return found;
}

} // namespace

caf::result<message_barred> dispatcher_state::bar(const bar_message& what) {
  // Two who change the same records would not see each other's changes.
  if (!barred.emplace(what.id, what.destinations).second) return message_barred{false};
  auto promise = self->make_response_promise<message_barred>();
  struct asked {
    size_t open = 1;
    bool all = true;
  };
  const auto count = std::make_shared<asked>();
  open_answer<message_barred> answer(promise);
  const auto heard_of = [this, count, answer, id = what.id](bool done) {
    count->all = count->all && done;
    if (--count->open != 0) return;
    if (!count->all) unbar(id);
    answer.deliver(message_barred{count->all});
  };
  for (const auto& each : what.destinations)
    for_all_of(each, [&](const std::string&, alive_destination& at) {
      ++count->open;
      self->request(at.handle, caf::infinite, bar_here{what.id})
          .then([heard_of](message_barred found) { heard_of(found.done); },
                [heard_of](caf::error&) { heard_of(false); });
    });
  heard_of(true);
  return promise;
}

void dispatcher_state::unbar(queue_id id) {
  const auto at = barred.find(id);
  if (at == barred.end()) return;
  const auto destinations = std::move(at->second);
  barred.erase(at);
  for (const auto& each : destinations) {
    // Somebody wants it tried now.
    for (const auto& lane : lanes_of(each)) resting.erase(place_of(each, lane));
    for_all_of(each,
               [&](const std::string&, alive_destination& at) { self->send(at.handle, unbar_here{id}); });
    heard(each);
  }
}

/// Those who have their part of a message done may be the last; only here this is found out.
void dispatcher_state::settle(queue_id id) {
  if (to_settle.size() >= settle_limit) return;
  to_settle.insert(id);
  settle_some();
}

void dispatcher_state::settle_some() {
  if (!with || settling || to_settle.empty()) return;
  settling = true;
  std::vector<queue_id> ids;
  // Out of the set before they are looked at: who is named meanwhile is looked at once more.
  while (ids.size() < settle_step && !to_settle.empty())
    ids.push_back(to_settle.extract(to_settle.begin()).value());
  const auto found = std::make_shared<settlement>();
  auto job = offload::make_work([found, with = with, ids] { *found = look_at(*with, ids); });
  self->request(with->shards.front().with.readers, caf::infinite, offload::run_work{job})
      .then([this, ids, found](offload::work_done) { take_out(ids, *found); },
            [this, ids](caf::error&) { settle_later(ids); }); // the pool is full
}

void dispatcher_state::take_out(const std::vector<queue_id>& ids, const settlement& found) {
  std::map<size_t, std::shared_ptr<storage::batch>> batches;
  for (const auto& [shard, message] : found.empty) {
    auto& batch = batches[shard];
    if (!batch) batch = std::make_shared<storage::batch>(*with->shards[shard].with.store);
    storage::delete_spool(*batch, message.id);
    storage::drop_reference(*batch, message.body, storage::blob_owner::spool, message.id.value, 0);
  }
  struct asked {
    size_t open = 1;
    bool all = true;
  };
  const auto count = std::make_shared<asked>();
  count->all = found.unread.empty();
  const auto heard_of = [this, count, ids](bool done) {
    count->all = count->all && done;
    if (--count->open != 0) return;
    if (!count->all) return settle_later(ids); // those that were taken out are not found again
    settling = false;
    settle_some();
  };
  for (auto& [shard, batch] : batches) {
    ++count->open;
    self->request(with->shards[shard].with.committer, caf::infinite,
                  committer::commit_batch{std::move(batch), nullptr})
        .then([heard_of](committer::committed) { heard_of(true); },
              [heard_of](caf::error&) { heard_of(false); });
  }
  heard_of(true);
}

/// With the next tick.
void dispatcher_state::settle_later(const std::vector<queue_id>& ids) {
  settling = false;
  to_settle.insert(ids.begin(), ids.end());
}

caf::result<failures_recorded> dispatcher_state::record(const record_failures& what) {
  auto promise = self->make_response_promise<failures_recorded>();
  open_answer<failures_recorded> answer(promise);
  if (with)
    record_now(what, answer);
  else
    early.emplace_back(what, answer);
  return promise;
}

void dispatcher_state::record_now(const record_failures& what, open_answer<failures_recorded> answer) {
  if (what.shard >= with->shards.size()) return (void)answer.deliver(failures_recorded{});
  const auto now = wall_clock();
  const auto settings = with->settings->get();
  priority_rules priorities;
  priorities.follow(settings);
  const auto of = std::make_shared<job>();
  of->shard = what.shard;
  of->message = what.message;
  of->recipients = what.recipients;
  if (auto envelope = decode_envelope(what.message.envelope))
    of->envelope = std::move(*envelope);
  else // damaged
    of->envelope.sender = what.message.sender;
  const auto& in = with->shards[what.shard].with;
  auto batch = std::make_shared<storage::batch>(*in.store);
  auto changes = record_end(*batch, {of, what.outcomes, false, {}}, settings->spool, priorities, now);
  const failures_recorded done{true, changes.deferred, changes.bounced, changes.next_attempt,
                               changes.empties_message};
  add_report(
      self, *with, *of, std::move(changes.told), now, batch,
      [this, shard = what.shard, id = what.message.id, batch, done,
       answer](std::optional<queue_id> report) mutable {
        const auto tell = [this, shard, report] {
          if (report) self->send(with->shards[shard].reports, report_written{*report});
        };
        self->request(with->shards[shard].with.committer, caf::infinite,
                      committer::commit_batch{batch, nullptr})
            .then(
                [tell, done, answer](committer::committed) mutable {
                  tell();
                  answer.deliver(done);
                },
                [tell, id, answer](caf::error& failed) mutable {
                  log::error("queue {}: who could not be served is not written: {}", id.value,
                             describe(failed));
                  tell(); // an error does not say that nothing was written
                  answer.deliver(failures_recorded{});
                });
      },
      [id = what.message.id, answer]() mutable {
        log::warn("queue {}: who could not be served is not written: there is no reader now", id.value);
        answer.deliver(failures_recorded{});
      });
}

} // namespace stagepost::outbound
