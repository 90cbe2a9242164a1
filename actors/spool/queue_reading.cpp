#include "actors/spool/queue.hpp"

#include "actors/spool/message_check.hpp"
#include "actors/spool/spool_reader.hpp"
#include "actors/wall_clock.hpp"

// Messages that come from disk: what was left there, and what is to be tried again.

namespace stagepost::spool {

namespace {

/// Messages that are read on their own at a time: leaves the pool to those who read mail.
constexpr size_t loads_limit = 100;

} // namespace

void queue_state::read_more() {
  reading = true;
  left_from = queue_id{};
  const auto stamp = reads.begin();
  const auto page = std::make_shared<read_page>();
  auto job = offload::make_work(
      [page, store = with.store, from = on_disk_from] { *page = read_spool_here(*store, from, read_step); });
  self->request(with.readers, caf::infinite, offload::run_work{job})
      .then(
          [this, page, stamp](offload::work_done) {
            reading = false;
            if (page->good) {
              on_disk_from = page->next;
              if (!on_disk_from) catching_up = false;
              if (left_from && (!on_disk_from || left_from < on_disk_from)) on_disk_from = left_from;
              for (auto& each : page->messages) take(std::move(each), stamp);
            }
            reads.end(stamp);
            if (page->good) work(); // else the next tick tries again
          },
          [this, stamp](caf::error&) {
            reading = false;
            reads.end(stamp);
          });
}

void queue_state::load(queue_id id, bool now) {
  auto& wish = wishes[id];
  wish = wish || now;
  // What is under way with it looks for the wish when it ends.
  if (in_memory.count(id) != 0 || checking.count(id) != 0 || removing.count(id) != 0 ||
      !loading.insert(id).second)
    return;
  const auto stamp = reads.begin();
  const auto page = std::make_shared<read_page>();
  auto job = offload::make_work([page, store = with.store, id] { *page = read_spool(*store, id, 1); });
  self->request(with.readers, caf::infinite, offload::run_work{job})
      .then([this, page, id,
             stamp](offload::work_done) { loaded(id, stamp, page->good, std::move(page->messages)); },
            [this, id, stamp](caf::error&) { loaded(id, stamp, false, {}); });
}

void queue_state::loaded(queue_id id, read_stamps::stamp stamp, bool good,
                         std::vector<queued_message> found) {
  const bool is_past = reads.is_past(id, stamp);
  loading.erase(id);
  if (!good) {
    retries.set(id, wall_clock() + short_wait); // the wish stays
  } else if (in_memory.count(id) == 0 && removing.count(id) == 0) {
    if (is_past) {
      load(id, false);
    } else if (!found.empty() && found.front().message.id == id) {
      take(std::move(found.front()), stamp); // `begin` sees to the wish
    } else {
      wishes.erase(id); // it left the spool
      not_checked.erase(id);
    }
  }
  reads.end(stamp);
  load_due();
  work();
}

void queue_state::take(queued_message what, read_stamps::stamp stamp) {
  const auto id = what.message.id;
  if (at_work.count(id) != 0)
    return (void)wishes.emplace(id, false); // one of its recipients may be stalled since
  if (removing.count(id) != 0 || reads.is_past(id, stamp)) return;
  if (waits_for_program(what)) {
    wishes.erase(id);
    return check(id);
  }
  if (is_for_elsewhere(what)) {
    wishes.erase(id);
    return announce(what);
  }
  if (in_memory.count(id) != 0) return;
  if (ready.size() >= ready_limit) return leave_on_disk(id);
  in_memory.insert(id);
  counters->change(metrics::gauge::spool_messages, 1);
  ready.push_back({std::move(what), {}});
}

void queue_state::load_due() {
  if (loading.size() >= loads_limit) return;
  const auto now = wall_clock();
  for (const auto id : retries.take_due(now, furthest_from(now), loads_limit - loading.size()))
    load(id, false);
}

void queue_state::resume_stalled() {
  for (const auto& [shard, first] : stalled)
    self->request(local, caf::infinite, delivery::is_writing{shard})
        .then(
            [this, shard = shard](bool writing) {
              const auto at = stalled.find(shard);
              if (!writing || at == stalled.end()) return;
              leave_on_disk(at->second);
              stalled.erase(at);
              work();
            },
            [](caf::error&) {});
}

} // namespace stagepost::spool
