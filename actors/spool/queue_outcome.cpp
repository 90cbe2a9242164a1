#include "actors/spool/queue.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"
#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"

#include <algorithm>

// How a recipient stays in the spool or leaves it, and then the message.

namespace stagepost::spool {

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

void queue_state::defer(queue_id id, storage::spool_recipient recipient, const std::string& reply) {
  counters->add(metrics::counter::deliveries_deferred);
  const auto plan = settings->get()->spool.retry_intervals;
  const auto wait = plan[std::min<size_t>(recipient.attempts, plan.size() - 1)];
  const auto step = delivery::trace_number(recipient); // of the try that failed, so that the next has its own
  ++recipient.attempts;
  recipient.last_reply = reply;
  recipient.due_at = wall_clock() + wait;
  ++at_work.at(id).staying;
  retries.set(id, recipient.due_at);
  auto batch = std::make_shared<storage::batch>(*with.store);
  storage::put_recipient(*batch, id, recipient);
  storage::put_trace(
      *batch, id, step,
      {wall_clock(), storage::trace_kind::deferred, {{"recipient", recipient.address}, {"reply", reply}}});
  write(id, std::move(batch));
}

void queue_state::stall(queue_id id, uint8_t shard) {
  const auto [at, first] = stalled.emplace(shard, id);
  if (!first) at->second = std::min(at->second, id);
}

void queue_state::hold(queue_id id, storage::spool_recipient recipient, const std::string& why) {
  // Nobody is told yet that he cannot be reached (bounces come with delivery to other servers); he stays in
  // the spool, where the administrator sees him.
  const auto step = delivery::trace_number(recipient);
  recipient.state = storage::recipient_state::held;
  recipient.last_reply = why;
  ++at_work.at(id).staying;
  auto batch = std::make_shared<storage::batch>(*with.store);
  storage::put_recipient(*batch, id, recipient);
  storage::put_trace(
      *batch, id, step,
      {wall_clock(), storage::trace_kind::held, {{"recipient", recipient.address}, {"reply", why}}});
  write(id, std::move(batch));
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
