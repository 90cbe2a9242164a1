#include "actors/spool/queue.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/spool/envelope_record.hpp"
#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"

#include <algorithm>

namespace stagepost::spool {

namespace {

/// Messages in memory that wait for a worker; what is beyond stays on disk until there is room.
constexpr size_t ready_limit = 10000;
/// Messages read from disk at a time.
constexpr size_t read_step = 500;
/// Recipients an alias gives with one batch.
constexpr size_t expansion_step = 500;
constexpr size_t recipients_limit = 100000;
constexpr auto tick_interval = std::chrono::seconds(5);
/// Messages that are read on their own at a time: leaves the pool to those who read mail.
constexpr size_t loads_limit = 100;
/// When what could not be read or asked is tried again.
constexpr auto short_wait = std::chrono::minutes(1);
/// How long a client waits for first tries.
constexpr auto client_wait = std::chrono::seconds(10);

instant wall_clock() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

bool is_to_be_tried(const storage::spool_recipient& recipient, instant now) {
  return recipient.state == storage::recipient_state::local && (recipient.attempts == 0 || recipient.due_at <= now);
}

struct read_page {
  bool good = false;
  std::vector<queued_message> messages;
  queue_id next; ///< zero: this was the last page
};

/// Blocks: belongs into the read pool.
read_page read_spool(const storage::store& store, queue_id from, size_t limit) {
  read_page page;
  auto records = storage::read_spool_page(store, from, limit, storage::reach::disk);
  if (!records) return page;
  for (const auto id : records->damaged)
    log::error("queue {}: its record is damaged; it stays in the spool as it is", id.value);
  for (auto& record : records->messages) {
    auto recipients = storage::read_recipients(store, record.id, 0, recipients_limit, storage::reach::disk);
    if (!recipients) return page;
    for (const auto index : recipients->damaged)
      log::error("queue {}: the record of recipient {} is damaged; it stays in the spool as it is", record.id.value,
                 index);
    page.messages.push_back({std::move(record), std::move(recipients->recipients), std::move(recipients->damaged)});
  }
  page.next = records->next;
  page.good = true;
  return page;
}

} // namespace

void queue_state::leave_on_disk(queue_id id) {
  if (!left_from || id < left_from) left_from = id;
  if (!on_disk_from || id < on_disk_from) on_disk_from = id;
}

void queue_state::enqueue(enqueue_message what) {
  const auto id = what.what.message.id;
  if (removing.count(id) != 0 || removed.has(id)) return stop_waiting(id); // the order to delete it was faster
  // In order: what comes after something left on disk is left there too.
  if (on_disk_from || ready.size() >= ready_limit) {
    leave_on_disk(id);
    return stop_waiting(id);
  }
  if (!in_memory.insert(id).second) return;
  counters->change(metrics::gauge::spool_messages, 1);
  ready.push_back(std::move(what));
  work();
}

caf::result<message_tried> queue_state::try_first(try_message what) {
  auto pending = self->make_response_promise<message_tried>();
  const auto& recipients = what.what.what.recipients;
  waiting_client client{open_answer<message_tried>(pending), {}, {}, 0, std::chrono::steady_clock::now() + client_wait};
  client.tries.resize(recipients.size(), first_try::kept);
  for (const auto& each : recipients)
    if (each.state == storage::recipient_state::local) client.untried.insert(each.index);
  const auto id = what.what.what.message.id;
  clients.emplace(id, std::move(client));
  enqueue(std::move(what.what));
  answer_if_tried(id);
  return pending;
}

size_t queue_state::out_limit() const { return settings->get()->spool.delivery_workers; }

void queue_state::take(queued_message what, read_stamps::stamp stamp) {
  const auto id = what.message.id;
  if (at_work.count(id) != 0) return (void)wishes.emplace(id, false); // one of its recipients may be stalled since
  if (removing.count(id) != 0 || reads.is_past(id, stamp) || !in_memory.insert(id).second) return;
  counters->change(metrics::gauge::spool_messages, 1);
  ready.push_back({std::move(what), {}});
}

void queue_state::forget(queue_id id) {
  stop_waiting(id);
  at_work.erase(id);
  reads.changed(id);
  if (in_memory.erase(id) != 0) counters->change(metrics::gauge::spool_messages, -1);
  if (wishes.count(id) != 0) load(id, false);
}

void queue_state::work() {
  while (out < out_limit() && at_work.size() < out_limit() && !ready.empty()) {
    auto next = std::move(ready.front());
    ready.pop_front();
    begin(std::move(next));
  }
  if (ready.empty() && on_disk_from && !reading) read_more();
}

void queue_state::begin(enqueue_message what) {
  const auto id = what.what.message.id;
  retries.drop(id); // set anew by each recipient that goes on waiting
  bool now = false;
  if (const auto wish = wishes.find(id); wish != wishes.end()) {
    now = wish->second;
    wishes.erase(wish);
  }
  auto& on = at_work[id];
  on.message = std::move(what.what.message);
  for (size_t i = 0; i < what.what.recipients.size(); ++i) {
    auto& each = what.what.recipients[i];
    if (i < what.quotas.size()) on.quotas[each.account] = what.quotas[i];
    if (each.state == storage::recipient_state::expanding) on.expanding = true;
    if (now) each.due_at = instant{};
    on.next_index = std::max(on.next_index, each.index + 1);
    on.open.push_back(std::move(each));
  }
  on.staying = what.what.damaged.size();
  for (const auto index : what.what.damaged) on.next_index = std::max(on.next_index, index + 1);
  // Nothing of a message is delivered while an alias of it is being written out: so the accounts it already has are
  // all found, and nobody gets it twice.
  if (on.expanding)
    expand(id);
  else
    learn_quotas(id, 0);
}

/// What was read from disk does not know its recipients' quotas, nor whether they are still there.
void queue_state::learn_quotas(queue_id id, size_t from) {
  auto& on = at_work.at(id);
  const auto now = wall_clock();
  while (from < on.open.size() && (!is_to_be_tried(on.open[from], now) || on.quotas.count(on.open[from].account) != 0))
    ++from;
  if (from == on.open.size()) return push(id);
  self->request(directory, caf::infinite, domain::find_account{on.open[from].account})
      .then(
          [this, id, from](domain::address_found& found) {
            auto& on = at_work.at(id);
            if (found.kind == domain::address_kind::unavailable) return postpone(id);
            if (found.kind == domain::address_kind::unknown) {
              // Not made anew by a delivery; and whoever has the name now is somebody else.
              auto recipient = std::move(on.open[from]);
              on.open.erase(on.open.begin() + ptrdiff_t(from));
              hold(id, std::move(recipient), "550 5.1.1 the user was deleted");
              return learn_quotas(id, from);
            }
            on.quotas[on.open[from].account] = found.target.quota_bytes;
            learn_quotas(id, from + 1);
          },
          [this, id](caf::error&) { postpone(id); });
}

void queue_state::push(queue_id id) {
  auto& on = at_work.at(id);
  const auto now = wall_clock();
  while (!on.open.empty()) {
    if (out >= out_limit() && on.out > 0) return; // the next answer goes on here
    auto recipient = std::move(on.open.front());
    on.open.pop_front();
    if (!is_to_be_tried(recipient, now)) {
      if (recipient.state == storage::recipient_state::local) retries.set(id, recipient.due_at);
      ++on.staying;
      continue;
    }
    delivery::deliver_locally order{on.message, recipient, 0, false};
    if (const auto quota = on.quotas.find(recipient.account); quota != on.quotas.end()) order.quota_bytes = quota->second;
    const bool last = on.open.empty() && on.out == 0 && on.staying == 0 && on.writing == 0;
    order.last = last;
    ++on.out;
    ++out;
    self->request(local, caf::infinite, std::move(order))
        .then([this, id, recipient, last](delivery::delivery_result& result) { delivered(id, recipient, last, result); },
              [this, id, recipient, last](caf::error& failed) {
                delivered(id, recipient, last, {delivery::result_kind::unknown, "451 4.3.0 " + describe(failed)});
              });
  }
  end_if_done(id);
}

void queue_state::delivered(queue_id id, const storage::spool_recipient& recipient, bool last,
                            const delivery::delivery_result& result) {
  auto& on = at_work.at(id);
  --on.out;
  --out;
  switch (result.kind) {
  case delivery::result_kind::delivered:
    counters->add(metrics::counter::messages_delivered);
    tell(id, recipient.index, first_try::delivered);
    on.ended = last; // it took the message out of the spool with it
    break;
  case delivery::result_kind::unknown:
    // Nothing is written: were it delivered, that would bring the recipient back. What is on disk is read again.
    counters->add(metrics::counter::deliveries_deferred);
    log::warn("queue {}: the outcome of a delivery is not known: {}", id.value, result.text);
    tell(id, recipient.index, first_try::kept);
    ++on.staying;
    retries.set(id, wall_clock() + short_wait);
    break;
  case delivery::result_kind::no_store:
    // No try is counted and nothing is written, for it could not be.
    counters->add(metrics::counter::deliveries_deferred);
    tell(id, recipient.index, first_try::kept);
    ++on.staying;
    stall(id, recipient.shard);
    break;
  case delivery::result_kind::over_quota:
  case delivery::result_kind::failed:
    if (wants_to_hear(id, recipient.index))
      give_back(id, recipient, result);
    else
      defer(id, recipient, result.text);
    break;
  }
  if (at_work.at(id).open.empty())
    end_if_done(id);
  else
    push(id);
  work();
}

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
  // Nobody is told yet that he cannot be reached (bounces come with delivery to other servers); he stays in the spool,
  // where the administrator sees him.
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
  storage::put_trace(
      *batch, id, delivery::trace_number(recipient),
      {wall_clock(), storage::trace_kind::refused, {{"recipient", recipient.address}, {"reply", result.text}}});
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

bool queue_state::wants_to_hear(queue_id id, uint32_t index) const {
  const auto client = clients.find(id);
  return client != clients.end() && client->second.untried.count(index) != 0;
}

void queue_state::tell(queue_id id, uint32_t index, first_try how) {
  if (!wants_to_hear(id, index)) return;
  auto& client = clients.at(id);
  client.untried.erase(index);
  client.tries[index] = how;
  answer_if_tried(id);
}

void queue_state::answer_if_tried(queue_id id) {
  const auto at = clients.find(id);
  if (at == clients.end() || !at->second.untried.empty() || at->second.leaving != 0) return;
  at->second.answer.deliver(message_tried{std::move(at->second.tries)});
  clients.erase(at);
}

void queue_state::stop_waiting(queue_id id) {
  const auto at = clients.find(id);
  if (at == clients.end()) return;
  at->second.untried.clear();
  answer_if_tried(id);
}

void queue_state::expand(queue_id id) {
  auto& on = at_work.at(id);
  const auto alias = std::find_if(on.open.begin(), on.open.end(), [](const storage::spool_recipient& each) {
    return each.state == storage::recipient_state::expanding;
  });
  if (alias == on.open.end()) {
    on.expanding = false;
    return learn_quotas(id, 0);
  }
  self->request(directory, caf::infinite,
                domain::expand_address{alias->address, settings->get()->spool.alias_expansion_limit})
      .then([this, id, index = alias->index](domain::address_expanded& found) { expanded(id, index, found); },
            [this, id, index = alias->index](caf::error&) { expanded(id, index, {}); });
}

void queue_state::expanded(queue_id id, uint32_t alias_index, const domain::address_expanded& found) {
  auto& on = at_work.at(id);
  const auto alias = std::find_if(on.open.begin(), on.open.end(),
                                  [&](const storage::spool_recipient& each) { return each.index == alias_index; });
  // The directory cannot be read now. The whole message waits: it is all on disk.
  if (found.kind == domain::address_kind::unavailable) return postpone(id);
  if (found.cut)
    log::warn("queue {}: alias {} has more recipients than the limit", id.value, alias->address);
  const auto envelope = decode_envelope(on.message.envelope);
  std::set<account_id> have;
  for (const auto& each : on.open)
    if (each.account) have.insert(each.account);
  std::vector<storage::spool_recipient> fresh;
  const auto add = [&](const std::string& address, storage::recipient_state state) -> storage::spool_recipient& {
    auto& each = fresh.emplace_back();
    each.index = on.next_index++;
    each.address = address;
    each.state = state;
    each.notify = alias->notify;
    each.original_recipient = alias->original_recipient;
    each.due_at = wall_clock();
    return each;
  };
  // Nobody is told yet that these lead nowhere (bounces come with delivery to other servers); they stay in the spool,
  // where the administrator sees them.
  const auto hold = [&](const std::string& address, const char* why) {
    add(address, storage::recipient_state::held).last_reply = why;
  };
  for (const auto& target : found.accounts) {
    if (!have.insert(target.account).second) continue;
    if (envelope && smtp::was_delivered_to(*envelope, target.address)) {
      hold(target.address, reply_to_loop);
      continue;
    }
    auto& each = add(target.address, storage::recipient_state::local);
    each.account = target.account;
    each.shard = target.shard;
    each.folder = target.folder;
    on.quotas[target.account] = target.quota_bytes;
  }
  for (const auto& address : found.elsewhere) {
    const bool known = std::any_of(on.open.begin(), on.open.end(), [&](const storage::spool_recipient& each) {
      return each.index != alias_index && each.address == address;
    });
    if (known) continue;
    if (address == alias->address)
      hold(address, "550 5.1.2 the domain of the alias was deleted"); // what it stood for is not known any more
    else
      add(address, storage::recipient_state::remote);
  }
  for (const auto& address : found.nowhere) hold(address, "550 5.1.1 no such user");
  if (found.cut) hold(alias->address, "550 5.3.0 the alias has more addresses than spool.alias_expansion_limit");
  write_expansion(id, alias_index, std::move(fresh), 0);
}

/// Piece by piece; the alias itself goes with the last. After a crash the alias is still there and is expanded again,
/// and accounts that have a record already are passed over.
void queue_state::write_expansion(queue_id id, uint32_t alias_index, std::vector<storage::spool_recipient> fresh,
                                  size_t from) {
  auto batch = std::make_shared<storage::batch>(*with.store);
  const size_t end = std::min(from + expansion_step, fresh.size());
  for (size_t i = from; i < end; ++i) {
    storage::put_recipient(*batch, id, fresh[i]);
    if (fresh[i].state == storage::recipient_state::held)
      storage::put_trace(*batch, id, delivery::trace_number(fresh[i]),
                         {wall_clock(),
                          storage::trace_kind::held,
                          {{"recipient", fresh[i].address}, {"reply", fresh[i].last_reply}}});
  }
  const bool last = end == fresh.size();
  if (last) {
    storage::delete_recipient(*batch, id, alias_index);
    storage::put_trace(*batch, id, 500 + alias_index % 500,
                       {wall_clock(), storage::trace_kind::expanded, {{"recipients", std::to_string(fresh.size())}}});
  }
  write(id, std::move(batch),
        [this, id, alias_index, fresh = std::move(fresh), end, last](bool written) mutable {
          if (!written) return postpone(id);
          if (!last) return write_expansion(id, alias_index, std::move(fresh), end);
          auto& on = at_work.at(id);
          const auto alias =
              std::find_if(on.open.begin(), on.open.end(),
                           [&](const storage::spool_recipient& each) { return each.index == alias_index; });
          if (alias != on.open.end()) on.open.erase(alias);
          for (auto& each : fresh) on.open.push_back(std::move(each));
          expand(id);
        });
}

void queue_state::read_more() {
  reading = true;
  left_from = queue_id{};
  const auto stamp = reads.begin();
  const auto page = std::make_shared<read_page>();
  auto job = offload::make_work(
      [page, store = with.store, from = on_disk_from] { *page = read_spool(*store, from, read_step); });
  self->request(with.readers, caf::infinite, offload::run_work{job})
      .then(
          [this, page, stamp](offload::work_done) {
            reading = false;
            if (page->good) {
              on_disk_from = page->next;
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
  if (in_memory.count(id) != 0 || removing.count(id) != 0 || !loading.insert(id).second) return;
  const auto stamp = reads.begin();
  const auto page = std::make_shared<read_page>();
  auto job = offload::make_work([page, store = with.store, id] { *page = read_spool(*store, id, 1); });
  self->request(with.readers, caf::infinite, offload::run_work{job})
      .then([this, page, id, stamp](
                offload::work_done) { loaded(id, stamp, page->good, std::move(page->messages)); },
            [this, id, stamp](caf::error&) { loaded(id, stamp, false, {}); });
}

void queue_state::loaded(queue_id id, read_stamps::stamp stamp, bool good, std::vector<queued_message> found) {
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
    }
  }
  reads.end(stamp);
  load_due();
  work();
}

void queue_state::load_due() {
  if (loading.size() >= loads_limit) return;
  for (const auto id : retries.take_due(wall_clock(), loads_limit - loading.size())) load(id, false);
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

void queue_state::tick() {
  const auto now = std::chrono::steady_clock::now();
  std::vector<queue_id> late;
  for (const auto& [id, client] : clients)
    if (client.until <= now) late.push_back(id);
  for (const auto id : late) stop_waiting(id);
  resume_stalled();
  load_due();
  work();
  self->delayed_send(self, tick_interval, atom::tick::value);
}

caf::result<queue_page> queue_state::list(const list_queue& what) {
  auto answer = self->make_response_promise<queue_page>();
  const auto page = std::make_shared<read_page>();
  auto job =
      offload::make_work([page, store = with.store, what] { *page = read_spool(*store, what.from, what.limit); });
  self->request(with.readers, caf::infinite, offload::run_work{job})
      .then([answer, page](offload::work_done) mutable { answer.deliver(queue_page{page->good, std::move(page->messages)}); },
            [answer](caf::error&) mutable { answer.deliver(queue_page{}); });
  return answer;
}

caf::result<queue_answer> queue_state::remove(const delete_message& what) {
  const auto id = what.id;
  if (at_work.count(id) != 0) return queue_answer{false, "It is being delivered right now; try again in a moment."};
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
  for (const auto& each : what.recipients) storage::delete_recipient(*batch, id, each.index);
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
          [this, id, answer](caf::error& failed) { not_removed(id, "not removed: " + describe(failed), answer); });
}

void queue_state::not_removed(queue_id id, const std::string& why, open_answer<queue_answer> answer) {
  reads.changed(id);
  removing.erase(id);
  load(id, false); // what was to be done with it before, if it is there
  answer.deliver(queue_answer{false, why});
}

caf::result<queue_answer> queue_state::retry(const retry_message& what) {
  const auto found = !what.id            ? retries.all()
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

queue_self::behavior_type queue(queue_self::stateful_pointer<queue_state> self, mailbox::services with,
                                delivery::local_actor local, domain::directory_actor directory,
                                live_settings_ptr settings, metrics::counters_ptr counters) {
  auto& state = self->state;
  state.self = self;
  outlive_stray_errors(self);
  state.with = std::move(with);
  state.local = std::move(local);
  state.directory = std::move(directory);
  state.settings = std::move(settings);
  state.counters = std::move(counters);
  state.on_disk_from = queue_id(1); // what was accepted before this start
  state.read_more();
  self->delayed_send(self, tick_interval, atom::tick::value);
  return {
      [self](enqueue_message& what) { self->state.enqueue(std::move(what)); },
      [self](try_message& what) { return self->state.try_first(std::move(what)); },
      [self](const list_queue& what) { return self->state.list(what); },
      [self](const show_message& what) { return self->state.list({what.id, 1}); },
      [self](const delete_message& what) { return self->state.remove(what); },
      [self](const retry_message& what) { return self->state.retry(what); },
      [self](atom::status) {
        return queue_status{self->state.in_memory.size()};
      },
      [self](atom::tick) { self->state.tick(); },
  };
}

} // namespace stagepost::spool
