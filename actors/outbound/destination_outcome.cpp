#include "actors/outbound/destination.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/outbound/report_writer.hpp"
#include "actors/wall_clock.hpp"

// Writing down how deliveries ended.

namespace stagepost::outbound {

caf::result<job_recorded> destination_state::ended(const caf::actor_addr& who, const job_done& what) {
  auto end = what;
  if (const auto at = workers.find(who); at != workers.end()) {
    at->second.job = nullptr;
    end.peer.route = at->second.reason;
  }
  auto promise = self->make_response_promise<job_recorded>();
  record(std::move(end), open_answer<job_recorded>(promise));
  return promise;
}

/// All that was due when no host let its way in had its attempt.
void destination_state::fail_ready() {
  std::vector<job_ptr> failing;
  for (const auto& each : ready)
    if (is_down(each->way)) failing.push_back(each);
  if (failing.empty()) return;
  std::erase_if(ready, [this](const job_ptr& each) { return is_down(each->way); });
  for (const auto& each : failing) {
    const auto of = ways.find(each->way);
    if (of == ways.end() ||
        !of->second.down) { // a change while the first were recorded: there is another way
      put_down(*each);
      may_be_more = true;
      continue;
    }
    job_done end{each, {}, false, of->second.down_peer};
    end.outcomes.assign(each->recipients.size(), *of->second.down);
    record(std::move(end), std::nullopt);
  }
}

/// They have lost nothing by the try: their next attempt is where it was. What the peer may have got counts
/// all the same, or it could get it again and again.
void destination_state::leave_early_ones(job_done& what) {
  const auto now = wall_clock(), furthest = furthest_from(now);
  for (size_t i = 0; i < what.job->recipients.size() && i < what.outcomes.size(); ++i) {
    const auto due_at = storage::due_time_of(what.job->recipients[i]);
    auto& how = what.outcomes[i];
    const bool is_early = due_at > now && due_at <= furthest;
    if (!is_early || how.fate != smtp_client::fate::temporary || how.maybe_delivered) continue;
    how.fate = smtp_client::fate::next_transaction;
    not_yet[{what.job->shard, {what.job->message.id, what.job->recipients[i].index}}] = due_at;
  }
}

void destination_state::record(job_done what, std::optional<open_answer<job_recorded>> answer) {
  ++recording;
  if (route && what.peer.route.empty()) what.peer.route = route->reason;
  leave_early_ones(what);
  const auto& in = with->shards[what.job->shard].with;
  auto batch = std::make_shared<storage::batch>(*in.store);
  const auto now = wall_clock();
  const auto in_force = with->settings->get();
  priorities.follow(in_force);
  auto spool = in_force->spool;
  if (route && !route->retry_intervals.empty()) spool.retry_intervals = route->retry_intervals; // MX-03
  auto changes = record_end(*batch, what, spool, priorities, now);
  if (batch->empty()) { // all are still due
    --recording;
    recorded(what, changes, std::nullopt);
    if (answer) answer->deliver(job_recorded{});
    return work();
  }
  auto told = std::move(changes.told);
  add_report(
      self, *with, *what.job, std::move(told), now, batch,
      [this, what, batch, changes, answer](std::optional<queue_id> report) {
        commit(what, batch, changes, report, answer);
      },
      [this, what, answer] { not_recorded(what, answer); });
}

void destination_state::commit(job_done what, std::shared_ptr<storage::batch> batch, verdict changes,
                               std::optional<queue_id> report,
                               std::optional<open_answer<job_recorded>> answer) {
  const auto& in = with->shards[what.job->shard].with;
  self->request(in.committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr})
      .then(
          [this, what, changes, report, answer](committer::committed) {
            --recording;
            recorded(what, changes, report);
            if (answer) answer->deliver(job_recorded{});
            work();
          },
          [this, what, report, answer](caf::error& failed) {
            log::error("queue {}: the end of a delivery is not written: {}", what.job->message.id.value,
                       describe(failed));
            // An error does not say that nothing was written; who looks for a report that is not there finds
            // none.
            if (report) self->send(with->shards[what.job->shard].reports, report_written{*report});
            not_recorded(what, answer);
          });
}

void destination_state::recorded(const job_done& what, const verdict& changes,
                                 std::optional<queue_id> report) {
  put_down(*what.job);
  sent_since_start += what.job->recipients.size();
  with->counters->add(metrics::counter::remote_delivered, changes.delivered);
  with->counters->add(metrics::counter::remote_deferred, changes.deferred);
  with->counters->add(metrics::counter::remote_bounced, changes.bounced);
  // Those that the peer took no more of at once are still due.
  if (changes.delivered + changes.bounced + changes.deferred < what.job->recipients.size())
    may_be_more = true;
  if (changes.may_empty_message) self->send(foreman, look_whether_done{what.job->message.id});
  if (report) self->send(with->shards[what.job->shard].reports, report_written{*report});
}

/// Whoever has the message has it: nothing of it is begun again before that is on disk.
void destination_state::not_recorded(job_done what, std::optional<open_answer<job_recorded>> answer) {
  --recording;
  waiting_for_disk.push_back({std::move(what), std::move(answer)});
}

void destination_state::tick() {
  if (std::exchange(look_later, false)) {
    unread.clear();
    may_be_more = true;
  }
  const bool is_time = std::chrono::steady_clock::now() - looked_at_all >= look_at_all_interval;
  if (looked_in_part && ready.empty() && (is_time || workers.empty())) { // at the latest before it ends
    looked_at_all = {};
    may_be_more = true;
  }
  send_hungry_away();
  wake_ways();
  forget_idle_ways();
  for (auto& each : std::exchange(waiting_for_disk, {})) record(std::move(each.what), std::move(each.answer));
  work();
}

} // namespace stagepost::outbound
