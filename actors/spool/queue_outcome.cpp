#include "actors/spool/queue.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/smtp_client/reply.hpp"
#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"

#include <algorithm>

// How a recipient stays in the spool or leaves it, and then the message.

namespace stagepost::spool {

namespace {

/// Recipients whose failures are written down, and told, at a time.
constexpr size_t failures_step = 1000;

/// Of a reply of our own, with codes.
smtp_client::outcome own_outcome(const std::string& reply, bool is_ours) {
  smtp_client::reply_reader reader;
  const auto line = reply + "\r\n";
  bytes_view input = line;
  const auto read = reader.feed(input);
  if (!read || is_ours) return smtp_client::own_trouble(smtp_client::stage::rcpt, read ? read->text : reply);
  const auto fate = read->code / 100 == 5 ? smtp_client::fate::permanent : smtp_client::fate::temporary;
  return smtp_client::own_decision(fate, smtp_client::stage::rcpt, read->status, read->text);
}

} // namespace

void queue_state::write(queue_id id, std::shared_ptr<storage::batch> batch, std::function<void(bool)> then) {
  ++at_work.at(id).writing;
  const auto ended = [this, id, then = std::move(then)](bool done) {
    --at_work.at(id).writing;
    then(done);
    end_if_done(id);
    work();
  };
  self->request(with.committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr})
      .then([ended](committer::committed) { ended(true); },
            [this, id, ended](caf::error& failed) {
              log::error("queue {}: not written: {}", id.value, describe(failed));
              stall(id, with.store->shard()); // what is on disk is looked at again
              ended(false);
            });
}

void queue_state::stall(queue_id id, uint8_t shard) {
  const auto [at, first] = stalled.emplace(shard, id);
  if (!first) at->second = std::min(at->second, id);
}

void queue_state::fail(queue_id id, storage::spool_recipient recipient, const std::string& reply) {
  at_work.at(id).failed.emplace_back(std::move(recipient), own_outcome(reply, false));
}

void queue_state::fail_here(queue_id id, storage::spool_recipient recipient, const std::string& reply) {
  at_work.at(id).failed.emplace_back(std::move(recipient), own_outcome(reply, true));
}

void queue_state::leave_for_later(queue_id id, instant at) {
  counters->add(metrics::counter::deliveries_deferred);
  ++at_work.at(id).staying;
  retries.set(id, at);
}

/// Together, so that the sender hears of them in one report.
void queue_state::record_failures(queue_id id) {
  auto& on = at_work.at(id);
  outbound::record_failures order{with.store->shard(), on.message, {}, {}};
  while (!on.failed.empty() && order.recipients.size() < failures_step) {
    order.recipients.push_back(std::move(on.failed.front().first));
    order.outcomes.push_back(std::move(on.failed.front().second));
    on.failed.pop_front();
  }
  ++on.writing;
  const auto ended = [this, id](const outbound::failures_recorded& what) {
    auto& on = at_work.at(id);
    --on.writing;
    on.ended = on.ended || what.empties_message;
    if (what.deferred != 0 || !what.done) ++on.staying;
    if (what.next_attempt) retries.set(id, *what.next_attempt);
    if (!what.done && with.store->failed())
      stall(id, with.store->shard());
    else if (!what.done)
      retries.set(id, wall_clock() + short_wait); // what is on disk is looked at again
    counters->add(metrics::counter::deliveries_deferred, what.deferred);
    counters->add(metrics::counter::deliveries_bounced, what.bounced);
    end_if_done(id);
    work();
  };
  self->request(elsewhere, caf::infinite, std::move(order))
      .then([ended](const outbound::failures_recorded& what) { ended(what); },
            [ended](caf::error&) { ended({}); });
}

void queue_state::give_back(queue_id id, const storage::spool_recipient& recipient,
                            const delivery::delivery_result& result) {
  auto& client = clients.at(id);
  client.untried.erase(recipient.index);
  ++client.leaving;
  auto batch = std::make_shared<storage::batch>(*with.store);
  storage::delete_recipient(*batch, id, recipient.index);
  storage::put_trace(*batch, id, delivery::trace_number(recipient),
                     {wall_clock(),
                      storage::trace_kind::refused,
                      {{"recipient", recipient.address}, {"reply", result.text}}});
  const auto how =
      result.kind == delivery::result_kind::over_quota ? first_try::over_quota : first_try::unavailable;
  write(id, std::move(batch), [this, id, index = recipient.index, how](bool gone) {
    // Not out of the spool: then it is the spool's, and will be tried again.
    if (!gone) ++at_work.at(id).staying;
    auto& client = clients.at(id); // alive as long as one is leaving
    --client.leaving;
    if (gone) client.tries[index] = how;
    answer_if_tried(id);
  });
}

void queue_state::postpone(queue_id id) {
  auto& on = at_work.at(id);
  on.staying += on.open.size();
  on.open.clear();
  on.expanding = false;
  retries.set(id, wall_clock() + short_wait);
  end_if_done(id);
  work();
}

void queue_state::end_if_done(queue_id id) {
  const auto at = at_work.find(id);
  if (at == at_work.end()) return;
  auto& on = at->second;
  if (on.out != 0 || !on.open.empty() || on.expanding || on.writing != 0) return;
  if (!on.failed.empty()) return record_failures(id);
  if (on.staying != 0 || on.ended) return forget(id);
  on.ended = true;
  auto batch = std::make_shared<storage::batch>(*with.store);
  storage::delete_spool(*batch, id);
  storage::drop_reference(*batch, on.message.body, storage::blob_owner::spool, id.value, 0);
  write(id, std::move(batch));
}

void queue_state::forget(queue_id id) {
  stop_waiting(id);
  // Those elsewhere may have been served while others here were not: whoever is last takes the message out.
  if (const auto at = at_work.find(id); at != at_work.end() && at->second.has_remote && at->second.has_others)
    self->send(elsewhere, outbound::look_whether_done{id});
  at_work.erase(id);
  reads.changed(id);
  if (in_memory.erase(id) != 0) counters->change(metrics::gauge::spool_messages, -1);
  if (wishes.count(id) != 0) load(id, false);
}

} // namespace stagepost::spool
