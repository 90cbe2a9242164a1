#include "actors/spool/queue.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"
#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"
#include "storage/trace_table.hpp"

#include <algorithm>
#include <iterator>

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

/// Whether a stored due time has come. One further ahead than any wait is long was written before the wall clock went
/// back, and has come too: nobody waits longer for his mail because of a clock.
bool has_come(instant due_at, instant now, const conf::spool_settings& plan) {
  const auto longest = *std::max_element(plan.retry_intervals.begin(), plan.retry_intervals.end());
  return due_at <= now || due_at > now + longest + jump_watch::least_jump;
}

struct read_page {
  bool good = false;
  std::vector<queued_message> messages;
};

/// Blocks: belongs into the read pool.
read_page read_spool(const storage::store& store, queue_id from, size_t limit) {
  read_page page;
  auto records = storage::read_spool_page(store, from, limit, storage::reach::disk);
  if (!records) return page;
  for (auto& record : *records) {
    auto recipients = storage::read_recipients(store, record.id, 0, recipients_limit, storage::reach::disk);
    if (!recipients) return page;
    page.messages.push_back({std::move(record), std::move(*recipients)});
  }
  page.good = true;
  return page;
}

} // namespace

void queue_state::enqueue(enqueue_message what) {
  const auto id = what.what.message.id;
  if (on_disk_from || ready.size() >= ready_limit) {
    // In order: what comes after something left on disk is left there too.
    if (!left_from || id < left_from) left_from = id;
    if (!on_disk_from || id < on_disk_from) on_disk_from = id;
    return;
  }
  if (!in_memory.insert(id).second) return;
  counters->change(metrics::gauge::spool_messages, 1);
  ready.push_back(std::move(what));
  work();
}

size_t queue_state::out_limit() const { return settings->get()->spool.delivery_workers; }

void queue_state::take(queued_message what) {
  if (forgotten.count(what.message.id) != 0) return;
  if (!in_memory.insert(what.message.id).second) return;
  counters->change(metrics::gauge::spool_messages, 1);
  ready.push_back({std::move(what), {}});
}

void queue_state::forget(queue_id id) {
  at_work.erase(id);
  if (reads != 0) forgotten.insert(id);
  if (in_memory.erase(id) != 0) counters->change(metrics::gauge::spool_messages, -1);
}

void queue_state::end_read() {
  if (--reads == 0) forgotten.clear();
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
  auto& on = at_work[id];
  on.message = std::move(what.what.message);
  for (size_t i = 0; i < what.what.recipients.size(); ++i) {
    auto& each = what.what.recipients[i];
    if (i < what.quotas.size()) on.quotas[each.account] = what.quotas[i];
    if (each.state == storage::recipient_state::expanding) on.expanding = true;
    on.open.push_back(std::move(each));
  }
  // After a crash an alias may be written out already, and the record still counts it as one recipient.
  on.message.recipients = std::max(on.message.recipients, uint32_t(on.open.size()));
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
  while (from < on.open.size() && (on.open[from].state != storage::recipient_state::local ||
                                   on.quotas.count(on.open[from].account) != 0))
    ++from;
  if (from == on.open.size()) return push(id);
  self->request(directory, caf::infinite, domain::find_address{on.open[from].address})
      .then(
          [this, id, from](domain::address_found& found) {
            auto& on = at_work.at(id);
            auto& recipient = on.open[from];
            if (found.kind == domain::address_kind::account && found.target.account == recipient.account)
              on.quotas[recipient.account] = found.target.quota_bytes;
            else if (found.kind == domain::address_kind::unknown)
              recipient.state = storage::recipient_state::held; // deleted since: not to be made anew by delivery
            else
              on.quotas.emplace(recipient.account, 0);
            learn_quotas(id, from + 1);
          },
          [this, id, from](caf::error&) {
            at_work.at(id).quotas.emplace(at_work.at(id).open[from].account, 0);
            learn_quotas(id, from + 1);
          });
}

void queue_state::push(queue_id id) {
  auto& on = at_work.at(id);
  const auto now = wall_clock();
  while (!on.open.empty()) {
    if (out >= out_limit() && on.out > 0) return; // the next answer goes on here
    auto recipient = std::move(on.open.front());
    on.open.pop_front();
    if (recipient.state != storage::recipient_state::local) {
      ++on.staying;
      continue;
    }
    if (recipient.attempts > 0 && !has_come(recipient.due_at, now, settings->get()->spool)) {
      deferred.emplace(recipient.due_at, id);
      ++on.staying;
      continue;
    }
    delivery::deliver_locally order{on.message, recipient, 0, false};
    if (const auto quota = on.quotas.find(recipient.account); quota != on.quotas.end()) order.quota_bytes = quota->second;
    order.last = on.open.empty() && on.out == 0 && on.staying == 0;
    ++on.out;
    ++out;
    self->request(local, caf::infinite, std::move(order))
        .then([this, id, recipient](delivery::delivery_result& result) { delivered(id, recipient, result); },
              [this, id, recipient](caf::error& failed) {
                delivered(id, recipient, {delivery::result_kind::unknown, "451 4.3.0 " + describe(failed)});
              });
  }
  end_if_done(id);
}

void queue_state::delivered(queue_id id, const storage::spool_recipient& recipient,
                            const delivery::delivery_result& result) {
  auto& on = at_work.at(id);
  --on.out;
  --out;
  if (result.kind == delivery::result_kind::delivered) {
    counters->add(metrics::counter::messages_delivered);
    // The last of a single recipient took the message out of the spool with it.
    if (on.message.recipients == 1 && on.staying == 0 && on.open.empty()) {
      forget(id);
      return work();
    }
  } else if (result.kind == delivery::result_kind::unknown) {
    // Nothing is written: were it delivered, that would bring the recipient back. What is on disk is read again.
    counters->add(metrics::counter::deliveries_deferred);
    log::warn("queue {}: the outcome of a delivery is not known: {}", id.value, result.text);
    ++on.staying;
    deferred.emplace(wall_clock() + std::chrono::minutes(1), id);
  } else {
    defer(on, recipient, result);
  }
  if (on.open.empty())
    end_if_done(id);
  else
    push(id);
  work();
}

void queue_state::defer(working& on, storage::spool_recipient recipient, const delivery::delivery_result& result) {
  counters->add(metrics::counter::deliveries_deferred);
  const auto plan = settings->get()->spool.retry_intervals;
  const auto wait = plan[std::min<size_t>(recipient.attempts, plan.size() - 1)];
  const auto step = delivery::trace_number(recipient); // of the try that failed, so that the next has its own
  ++recipient.attempts;
  recipient.last_reply = result.text;
  recipient.due_at = wall_clock() + wait;
  ++on.staying;
  deferred.emplace(recipient.due_at, on.message.id);
  auto batch = std::make_shared<storage::batch>(*with.store);
  storage::put_recipient(*batch, on.message.id, recipient);
  storage::put_trace(*batch, on.message.id, step,
                     {wall_clock(),
                      storage::trace_kind::deferred,
                      {{"recipient", recipient.address}, {"reply", result.text}}});
  self->request(with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
      .then([](committer::committed) {},
            [id = on.message.id](caf::error& failed) {
              log::error("queue {}: deferral not written: {}", id.value, describe(failed));
            });
}

void queue_state::end_if_done(queue_id id) {
  const auto at = at_work.find(id);
  if (at == at_work.end()) return;
  const auto& on = at->second;
  if (on.out != 0 || !on.open.empty() || on.expanding) return;
  if (on.staying == 0) {
    auto batch = std::make_shared<storage::batch>(*with.store);
    storage::delete_spool(*batch, id);
    storage::drop_reference(*batch, on.message.body, storage::blob_owner::spool, id.value, 0);
    self->request(with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
        .then([](committer::committed) {},
              [id](caf::error& failed) {
                log::error("queue {}: not taken out of the spool: {}", id.value, describe(failed));
              });
  }
  forget(id); // what stays is on disk
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
  if (found.kind == domain::address_kind::unavailable) {
    // The directory cannot be read now. The whole message waits: it is all on disk.
    deferred.emplace(wall_clock() + std::chrono::minutes(1), id);
    return forget(id);
  }
  if (found.cut)
    log::warn("queue {}: alias {} has more recipients than the limit", id.value, alias->address);
  std::set<account_id> have;
  uint32_t next = 0;
  for (const auto& each : on.open) {
    if (each.account) have.insert(each.account);
    next = std::max(next, each.index + 1);
  }
  std::vector<storage::spool_recipient> fresh;
  for (const auto& target : found.accounts) {
    if (!have.insert(target.account).second) continue;
    storage::spool_recipient each;
    each.index = next++;
    each.address = target.address;
    each.state = storage::recipient_state::local;
    each.account = target.account;
    each.shard = target.shard;
    each.folder = target.folder;
    each.notify = alias->notify;
    each.original_recipient = alias->original_recipient;
    each.due_at = wall_clock();
    on.quotas[target.account] = target.quota_bytes;
    fresh.push_back(std::move(each));
  }
  for (const auto& address : found.elsewhere) {
    const bool known = std::any_of(on.open.begin(), on.open.end(),
                                   [&](const storage::spool_recipient& each) { return each.address == address; });
    if (known) continue;
    storage::spool_recipient each;
    each.index = next++;
    each.address = address;
    each.state = storage::recipient_state::remote;
    each.notify = alias->notify;
    each.original_recipient = alias->original_recipient;
    each.due_at = wall_clock();
    fresh.push_back(std::move(each));
  }
  // Nobody is told yet that these lead nowhere (bounces come with delivery to other servers); they stay in the spool,
  // where the administrator sees them.
  const auto hold = [&](const std::string& address, const char* why) {
    storage::spool_recipient each;
    each.index = next++;
    each.address = address;
    each.state = storage::recipient_state::held;
    each.notify = alias->notify;
    each.original_recipient = alias->original_recipient;
    each.last_reply = why;
    fresh.push_back(std::move(each));
  };
  for (const auto& address : found.nowhere) hold(address, "550 5.1.1 no such user");
  if (found.cut) hold(alias->address, "550 5.3.0 the alias has more addresses than spool.alias_expansion_limit");
  write_expansion(id, alias_index, std::move(fresh), 0);
}

/// Piece by piece; the alias itself goes with the last. After a crash the alias is still there and is expanded again,
/// and accounts that have a record already are passed over.
void queue_state::write_expansion(queue_id id, uint32_t alias_index, std::vector<storage::spool_recipient> fresh,
                                  size_t from) {
  auto& on = at_work.at(id);
  auto batch = std::make_shared<storage::batch>(*with.store);
  const size_t end = std::min(from + expansion_step, fresh.size());
  for (size_t i = from; i < end; ++i) storage::put_recipient(*batch, id, fresh[i]);
  const bool last = end == fresh.size();
  if (last) {
    storage::delete_recipient(*batch, id, alias_index);
    storage::put_trace(*batch, id, 500 + alias_index % 500,
                       {wall_clock(), storage::trace_kind::expanded, {{"recipients", std::to_string(fresh.size())}}});
    // From now on a delivery is never the one that takes the message out of the spool by itself.
    on.message.recipients = uint32_t(on.open.size() + fresh.size() + 1);
  }
  self->request(with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
      .then(
          [this, id, alias_index, fresh = std::move(fresh), end, last](committer::committed) mutable {
            if (!last) return write_expansion(id, alias_index, std::move(fresh), end);
            auto& on = at_work.at(id);
            const auto alias =
                std::find_if(on.open.begin(), on.open.end(),
                             [&](const storage::spool_recipient& each) { return each.index == alias_index; });
            if (alias != on.open.end()) on.open.erase(alias);
            for (auto& each : fresh) on.open.push_back(std::move(each));
            expand(id);
          },
          [this, id](caf::error& failed) {
            log::error("queue {}: alias not expanded: {}", id.value, describe(failed));
            deferred.emplace(wall_clock() + std::chrono::minutes(1), id);
            forget(id);
          });
}

void queue_state::read_more() {
  reading = true;
  ++reads;
  left_from = queue_id{};
  const auto page = std::make_shared<read_page>();
  auto job = offload::make_work(
      [page, store = with.store, from = on_disk_from] { *page = read_spool(*store, from, read_step); });
  self->request(with.readers, caf::infinite, offload::run_work{job})
      .then(
          [this, page](offload::work_done) {
            reading = false;
            if (!page->good) return end_read(); // the next tick tries again
            on_disk_from = page->messages.size() < read_step
                               ? queue_id{}
                               : queue_id(page->messages.back().message.id.value + 1);
            if (left_from && (!on_disk_from || left_from < on_disk_from)) on_disk_from = left_from;
            for (auto& each : page->messages) take(std::move(each));
            end_read();
            work();
          },
          [this](caf::error&) {
            reading = false;
            end_read();
          });
}

void queue_state::load(queue_id id, bool now) {
  ++reads;
  const auto page = std::make_shared<read_page>();
  auto job = offload::make_work([page, store = with.store, id] { *page = read_spool(*store, id, 1); });
  self->request(with.readers, caf::infinite, offload::run_work{job})
      .then(
          [this, page, id, now](offload::work_done) {
            if (!page->good) {
              deferred.emplace(wall_clock() + std::chrono::minutes(1), id);
              return end_read();
            }
            if (page->messages.empty() || page->messages.front().message.id != id) return end_read();
            if (now)
              for (auto& each : page->messages.front().recipients) each.due_at = instant{};
            take(std::move(page->messages.front()));
            end_read();
            work();
          },
          [this, id](caf::error&) {
            deferred.emplace(wall_clock() + std::chrono::minutes(1), id);
            end_read();
          });
}

void queue_state::tick() {
  const auto now = wall_clock();
  std::set<queue_id> due;
  while (!deferred.empty() && deferred.begin()->first <= now) {
    due.insert(deferred.begin()->second);
    deferred.erase(deferred.begin());
  }
  while (!deferred.empty() && has_come(deferred.rbegin()->first, now, settings->get()->spool)) {
    due.insert(deferred.rbegin()->second);
    deferred.erase(std::prev(deferred.end()));
  }
  for (const auto id : due)
    if (in_memory.count(id) != 0)
      deferred.emplace(now + std::chrono::minutes(1), id);
    else
      load(id, false);
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
  if (in_memory.count(what.id) != 0) return queue_answer{false, "It is being delivered right now."};
  auto answer = self->make_response_promise<queue_answer>();
  const auto page = std::make_shared<read_page>();
  auto job = offload::make_work([page, store = with.store, what] { *page = read_spool(*store, what.id, 1); });
  self->request(with.readers, caf::infinite, offload::run_work{job})
      .then(
          [this, answer, page, what](offload::work_done) mutable {
            if (!page->good) return (void)answer.deliver(queue_answer{false, "The spool cannot be read."});
            if (page->messages.empty() || page->messages.front().message.id != what.id)
              return (void)answer.deliver(queue_answer{false, "There is no such message in the spool."});
            if (in_memory.count(what.id) != 0)
              return (void)answer.deliver(queue_answer{false, "It is being delivered right now."});
            const auto& message = page->messages.front();
            auto batch = std::make_shared<storage::batch>(*with.store);
            for (const auto& each : message.recipients) storage::delete_recipient(*batch, what.id, each.index);
            storage::delete_spool(*batch, what.id);
            storage::drop_reference(*batch, message.message.body, storage::blob_owner::spool, what.id.value, 0);
            storage::put_trace(*batch, what.id, 999, {wall_clock(), storage::trace_kind::removed, {}});
            self->request(with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
                .then([answer](committer::committed) mutable { answer.deliver(queue_answer{true, {}}); },
                      [answer](caf::error& failed) mutable {
                        answer.deliver(queue_answer{false, "not removed: " + describe(failed)});
                      });
          },
          [answer](caf::error&) mutable { answer.deliver(queue_answer{false, "The spool cannot be read."}); });
  return answer;
}

caf::result<queue_answer> queue_state::retry(const retry_message& what) {
  std::set<queue_id> found; // a message has an entry for each of its recipients that wait
  for (auto i = deferred.begin(); i != deferred.end();) {
    if (what.id && i->second != what.id) {
      ++i;
      continue;
    }
    found.insert(i->second);
    i = deferred.erase(i);
  }
  for (const auto id : found) load(id, true);
  if (found.empty()) return queue_answer{false, "Nothing of that waits for another try."};
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
