#include "actors/spool/queue.hpp"

#include "actors/error.hpp"
#include "actors/spool/spool_reader.hpp"
#include "actors/wall_clock.hpp"
#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"

// What the administrator orders.

namespace stagepost::spool {

caf::result<queue_page> queue_state::list(const list_queue& what) {
  auto answer = self->make_response_promise<queue_page>();
  const auto page = std::make_shared<read_page>();
  auto job = offload::make_work(
      [page, store = with.store, what] { *page = read_spool(*store, what.from, what.limit); });
  self->request(with.readers, caf::infinite, offload::run_work{job})
      .then(
          [answer, page](offload::work_done) mutable {
            answer.deliver(queue_page{page->good, std::move(page->messages)});
          },
          [answer](caf::error&) mutable { answer.deliver(queue_page{}); });
  return answer;
}

caf::result<queue_answer> queue_state::remove(const delete_message& what) {
  const auto id = what.id;
  if (at_work.count(id) != 0)
    return queue_answer{false, "It is being delivered right now; try again in a moment."};
  if (!removing.insert(id).second) return queue_answer{false, "It is being deleted already."};
  // Nothing begins with it from here on, and nothing is under way: what is read now is the whole truth.
  if (in_memory.erase(id) != 0) {
    counters->change(metrics::gauge::spool_messages, -1);
    std::erase_if(ready, [id](const enqueue_message& each) { return each.what.message.id == id; });
    stop_waiting(id);
  }
  reads.changed(id);
  auto pending = self->make_response_promise<queue_answer>();
  open_answer<queue_answer> answer(pending);
  const auto page = std::make_shared<read_page>();
  auto job = offload::make_work([page, store = with.store, id] { *page = read_spool(*store, id, 1); });
  self->request(with.readers, caf::infinite, offload::run_work{job})
      .then(
          [this, answer, page, id](offload::work_done) {
            if (!page->good) return not_removed(id, "The spool cannot be read.", answer);
            if (page->messages.empty() || page->messages.front().message.id != id)
              return not_removed(id, "There is no such message in the spool.", answer);
            remove_read(page->messages.front(), answer);
          },
          [this, answer, id](caf::error&) { not_removed(id, "The spool cannot be read.", answer); });
  return pending;
}

void queue_state::remove_read(const queued_message& what, open_answer<queue_answer> answer) {
  const auto id = what.message.id;
  auto batch = std::make_shared<storage::batch>(*with.store);
  for (const auto& each : what.recipients) storage::delete_recipient(*batch, id, each);
  for (const auto index : what.damaged) storage::delete_recipient(*batch, id, index);
  storage::delete_spool(*batch, id);
  storage::drop_reference(*batch, what.message.body, storage::blob_owner::spool, id.value, 0);
  storage::put_trace(*batch, id, 999, {wall_clock(), storage::trace_kind::removed, {}});
  self->request(with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
      .then(
          [this, id, answer](committer::committed) mutable {
            reads.changed(id);
            removing.erase(id);
            removed.put(id);
            wishes.erase(id);
            retries.drop(id);
            answer.deliver(queue_answer{true, {}});
          },
          [this, id, answer](caf::error& failed) {
            not_removed(id, "not removed: " + describe(failed), answer);
          });
}

void queue_state::not_removed(queue_id id, const std::string& why, open_answer<queue_answer> answer) {
  reads.changed(id);
  removing.erase(id);
  load(id, false); // what was to be done with it before, if it is there
  answer.deliver(queue_answer{false, why});
}

caf::result<queue_answer> queue_state::retry(const retry_message& what) {
  const auto found = !what.id               ? retries.all()
                     : retries.has(what.id) ? std::vector{what.id}
                                            : std::vector<queue_id>{};
  if (found.empty()) return queue_answer{false, "Nothing of that waits for another try."};
  for (const auto id : found) {
    wishes[id] = true;
    retries.set(id, instant{});
  }
  load_due();
  return queue_answer{true, {}};
}

} // namespace stagepost::spool
