#include "actors/spool/queue.hpp"

#include "actors/error.hpp"
#include "actors/spool/spool_reader.hpp"
#include "actors/wall_clock.hpp"
#include "storage/blobs.hpp"
#include "storage/outbound_table.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"

// What the administrator orders.

namespace stagepost::spool {

namespace {

/// Where the recipients of a message that are elsewhere are.
std::vector<std::string> destinations_of(const queued_message& what) {
  std::set<std::string> found;
  for (const auto& each : what.recipients)
    if (each.state == storage::recipient_state::remote) found.insert(storage::destination_of(each));
  return {found.begin(), found.end()};
}

} // namespace

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
  std::string why;
  if (!set_aside(id, why)) return queue_answer{false, why};
  auto pending = self->make_response_promise<queue_answer>();
  open_answer<queue_answer> answer(pending);
  read_barred(id, [this, id, answer](const std::string& why, const queued_message& found) {
    if (why.empty()) return remove_read(found, answer);
    not_removed(id, why, answer);
  });
  return pending;
}

bool queue_state::set_aside(queue_id id, std::string& why) {
  if (at_work.count(id) != 0) {
    why = "It is being delivered right now; try again in a moment.";
    return false;
  }
  if (checking.count(id) != 0) {
    why = "The command-line program works on it right now; try again in a moment.";
    return false;
  }
  if (!removing.insert(id).second) {
    why = "It is being deleted or changed already.";
    return false;
  }
  // Nothing begins with it from here on, and nothing is under way: what is read now is the whole truth.
  if (in_memory.erase(id) != 0) {
    counters->change(metrics::gauge::spool_messages, -1);
    std::erase_if(ready, [id](const enqueue_message& each) { return each.what.message.id == id; });
    stop_waiting(id);
  }
  reads.changed(id);
  return true;
}

void queue_state::take_up_again(queue_id id) {
  reads.changed(id);
  removing.erase(id);
  load(id, false); // what was to be done with it before, if it is there
}

void queue_state::read_barred(queue_id id,
                              std::function<void(const std::string& why, const queued_message& found)> then) {
  const auto read = [this, id](auto what) {
    const auto page = std::make_shared<read_page>();
    auto job = offload::make_work([page, store = with.store, id] { *page = read_spool(*store, id, 1); });
    self->request(with.readers, caf::infinite, offload::run_work{job})
        .then(
            [page, id, what](offload::work_done) {
              if (!page->good) return what("The spool cannot be read.", queued_message{});
              if (page->messages.empty() || page->messages.front().message.id != id)
                return what("There is no such message in the spool.", queued_message{});
              what(std::string{}, page->messages.front());
            },
            [what](caf::error&) { what("The spool cannot be read.", queued_message{}); });
  };
  read([this, id, read, then](const std::string& why, const queued_message& found) {
    const auto destinations = destinations_of(found);
    if (!why.empty() || destinations.empty()) return then(why, found);
    self->request(elsewhere, caf::infinite, outbound::bar_message{id, destinations})
        .then(
            [this, id, read, then, found](outbound::message_barred barred) {
              if (!barred.done)
                return then("It is being sent right now; try again in a moment.", queued_message{});
              // What was read before may have changed since.
              read([this, then, found](const std::string& why, const queued_message& again) {
                if (!why.empty()) unbar(found.message.id);
                then(why, again);
              });
            },
            [then](caf::error&) { then("The way out does not answer.", queued_message{}); });
  });
}

void queue_state::unbar(queue_id id) { self->send(elsewhere, outbound::unbar_message{id}); }

void queue_state::remove_read(const queued_message& what, open_answer<queue_answer> answer) {
  auto batch = std::make_shared<storage::batch>(*with.store);
  const auto id = what.message.id;
  for (const auto& each : what.recipients) storage::delete_recipient(*batch, id, each);
  for (const auto index : what.damaged) storage::delete_recipient(*batch, id, index);
  storage::delete_spool(*batch, id);
  storage::drop_reference(*batch, what.message.body, storage::blob_owner::spool, id.value, 0);
  storage::put_trace(*batch, id, 999, {wall_clock(), storage::trace_kind::removed, {}});
  if (what.damaged.empty()) return write_removal(what, std::move(batch), answer);
  // Whether they were elsewhere is not known any more.
  auto job = offload::make_work([batch, store = with.store, id, damaged = what.damaged] {
    for (const auto index : damaged)
      if (!storage::delete_outbound_of(*batch, *store, id, index)) return; // verify names what stays
  });
  self->request(with.readers, caf::infinite, offload::run_work{job})
      .then([this, what, batch, answer](offload::work_done) { write_removal(what, batch, answer); },
            [this, id, answer](caf::error&) {
              unbar(id);
              not_removed(id, "The spool cannot be read.", answer);
            });
}

void queue_state::write_removal(const queued_message& what, std::shared_ptr<storage::batch> batch,
                                open_answer<queue_answer> answer) {
  const auto id = what.message.id;
  self->request(with.committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr})
      .then(
          [this, id, answer](committer::committed) mutable {
            unbar(id);
            reads.changed(id);
            removing.erase(id);
            removed.put(id);
            wishes.erase(id);
            retries.drop(id);
            not_checked.erase(id);
            answer.deliver(queue_answer{true, {}});
          },
          [this, id, answer](caf::error& failed) {
            unbar(id);
            not_removed(id, "not removed: " + describe(failed), answer);
          });
}

void queue_state::not_removed(queue_id id, const std::string& why, open_answer<queue_answer> answer) {
  take_up_again(id);
  answer.deliver(queue_answer{false, why});
}

caf::result<queue_answer> queue_state::retry(const retry_message& what) {
  const auto found = !what.id               ? retries.all()
                     : retries.has(what.id) ? std::vector{what.id}
                                            : std::vector<queue_id>{};
  for (const auto id : found) {
    wishes[id] = true;
    retries.set(id, instant{});
  }
  load_due();
  auto pending = self->make_response_promise<queue_answer>();
  open_answer<queue_answer> answer(pending);
  if (!what.id) {
    order_page(std::make_shared<order_to_all>(
        order_to_all{{{}, queue_order::retry}, answer, queue_id(1), 0, found.size()}));
    return pending;
  }
  // As with every other order: nobody else changes or delivers it before this is done.
  const bool any = !found.empty();
  if (std::string why; !set_aside(what.id, why)) {
    const auto at = at_work.find(what.id);
    const bool is_all = any && at != at_work.end() && !at->second.has_remote; // the wish does it
    answer.deliver(queue_answer{is_all, is_all ? std::string{} : why});
    return pending;
  }
  read_barred(what.id, [this, id = what.id, answer, any](const std::string& why, const queued_message& read) {
    if (why.empty()) return retry_remote(read, any, answer);
    take_up_again(id);
    answer.deliver(queue_answer{any, any ? std::string{} : why});
  });
  return pending;
}

void queue_state::retry_remote(const queued_message& what, bool any, open_answer<queue_answer> answer) {
  const auto id = what.message.id;
  const auto end = [this, id, answer](bool done, const std::string& why) {
    unbar(id);
    take_up_again(id);
    answer.deliver(queue_answer{done, done ? std::string{} : why});
  };
  auto batch = std::make_shared<storage::batch>(*with.store);
  for (const auto& each : what.recipients) {
    if (each.state != storage::recipient_state::remote) continue;
    any = true;
    auto due = each;
    due.due_at = instant{};
    storage::change_recipient(*batch, id, each, due);
  }
  if (batch->empty()) return end(any, "Nothing of that waits for another try.");
  self->request(with.committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr})
      .then([end](committer::committed) { end(true, {}); },
            [end](caf::error& failed) { end(false, "not changed: " + describe(failed)); });
}

} // namespace stagepost::spool
