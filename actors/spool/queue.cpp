#include "actors/spool/queue.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/spool/message_check.hpp"
#include "actors/wall_clock.hpp"
#include "conf/limits.hpp"
#include "storage/outbound_table.hpp"

#include <algorithm>

namespace stagepost::spool {

namespace {

constexpr auto queue_tick_interval = std::chrono::seconds(5);

bool is_to_be_tried(const storage::spool_recipient& recipient, instant now, instant furthest) {
  return recipient.state == storage::recipient_state::local &&
         ((recipient.attempts == 0 && !recipient.is_put_off) || recipient.due_at <= now ||
          recipient.due_at > furthest);
}

} // namespace

bool is_for_elsewhere(const queued_message& what) {
  return !what.recipients.empty() && what.damaged.empty() &&
         std::all_of(what.recipients.begin(), what.recipients.end(),
                     [](const storage::spool_recipient& each) {
                       return each.state == storage::recipient_state::remote;
                     });
}

void queue_state::leave_on_disk(queue_id id) {
  if (!left_from || id < left_from) left_from = id;
  if (!on_disk_from || id < on_disk_from) on_disk_from = id;
}

void queue_state::enqueue(enqueue_message what) {
  const auto id = what.what.message.id;
  if (removing.count(id) != 0 || removed.has(id))
    return stop_waiting(id); // the order to delete it was faster
  if (waits_for_program(what.what)) {
    stop_waiting(id);
    return check(id);
  }
  if (is_for_elsewhere(what.what)) {
    announce(what.what);
    return stop_waiting(id);
  }
  // In order: what comes after something left on disk for want of room is left there too.
  if ((on_disk_from && !catching_up) || ready.size() >= ready_limit) {
    catching_up = false;
    leave_on_disk(id);
    return stop_waiting(id);
  }
  if (!in_memory.insert(id).second) return;
  counters->change(metrics::gauge::spool_messages, 1);
  ready.push_back(std::move(what));
  work();
}

void queue_state::announce(const queued_message& what) {
  std::set<std::string> told;
  for (const auto& each : what.recipients)
    if (each.state == storage::recipient_state::remote && each.attempts == 0 && !each.is_put_off &&
        told.insert(storage::destination_of(each)).second)
      self->send(elsewhere, outbound::has_due{storage::destination_of(each)});
}

size_t queue_state::out_limit() const { return settings->get()->spool.delivery_workers; }

void queue_state::work() {
  while (out < out_limit() && at_work.size() < out_limit() && !ready.empty()) {
    auto next = std::move(ready.front());
    ready.pop_front();
    begin(std::move(next));
  }
  if (on_disk_from && !reading && ready.size() < (catching_up ? read_step : 1)) read_more();
  read_unchecked();
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
    (each.state == storage::recipient_state::remote ? on.has_remote : on.has_others) = true;
    if (now && each.due_at > wall_clock()) on.early.emplace(each.index, each.due_at);
    if (now) each.due_at = instant{};
    on.next_index = std::max(on.next_index, each.index + 1);
    on.open.push_back(std::move(each));
  }
  on.forwarding.insert(what.forwarding.begin(), what.forwarding.end());
  on.answering.insert(what.answering.begin(), what.answering.end());
  on.staying = what.what.damaged.size();
  for (const auto index : what.what.damaged) on.next_index = std::max(on.next_index, index + 1);
  // Nothing of a message is delivered while an alias of it is being written out: so the accounts it already
  // has are all found, and nobody gets it twice.
  if (on.expanding)
    expand(id);
  else
    learn_quotas(id, 0);
}

/// What was read from disk does not know its recipients' quotas, nor whether they are still there.
void queue_state::learn_quotas(queue_id id, size_t from) {
  auto& on = at_work.at(id);
  const auto now = wall_clock();
  while (from < on.open.size() && (!is_to_be_tried(on.open[from], now, furthest_from(now)) ||
                                   on.quotas.count(on.open[from].account) != 0))
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
              fail(id, std::move(recipient), "550 5.1.1 the user was deleted");
              return learn_quotas(id, from);
            }
            on.quotas[on.open[from].account] = found.target.quota_bytes;
            note_wishes(on, found.target);
            learn_quotas(id, from + 1);
          },
          [this, id](caf::error&) { postpone(id); });
}

instant queue_state::furthest_from(instant now) const {
  return now + conf::longest_wait(settings->get()->spool) + jump_watch::least_jump;
}

void queue_state::push(queue_id id) {
  auto& on = at_work.at(id);
  const auto now = wall_clock();
  while (!on.open.empty()) {
    if (out >= out_limit() && on.out > 0) return; // the next answer goes on here
    auto recipient = std::move(on.open.front());
    on.open.pop_front();
    if (recipient.state == storage::recipient_state::bounced) {
      const auto why = recipient.last_reply;
      fail(id, std::move(recipient), why);
      continue;
    }
    if (!is_to_be_tried(recipient, now, furthest_from(now))) {
      if (recipient.state == storage::recipient_state::local) retries.set(id, recipient.due_at);
      if (recipient.state == storage::recipient_state::remote) {
        on.has_remote = true; // one that an alias gave
        if (recipient.attempts == 0 && !recipient.is_put_off)
          self->send(elsewhere, outbound::has_due{storage::destination_of(recipient)});
      }
      ++on.staying;
      continue;
    }
    delivery::deliver_locally order{on.message, recipient, 0, false};
    if (const auto quota = on.quotas.find(recipient.account); quota != on.quotas.end())
      order.quota_bytes = quota->second;
    const bool last =
        on.open.empty() && on.out == 0 && on.staying == 0 && on.writing == 0 && on.failed.empty();
    order.last = last;
    ++on.out;
    ++out;
    if (on.forwarding.count(recipient.account) != 0)
      forward(std::move(order));
    else
      reply_to(std::move(order));
  }
  end_if_done(id);
}

void queue_state::give_to_delivery(delivery::deliver_locally order) {
  const auto id = order.message.id;
  const auto recipient = order.recipient;
  const auto last = order.last;
  // The message that it is sent on as, if it is.
  const auto sent_on =
      order.forward && !order.forward->recipients.empty() ? order.forward->message.id : queue_id{};
  const auto reply = order.reply && order.reply->is_made() ? order.reply : nullptr;
  self->request(local, caf::infinite, std::move(order))
      .then(
          [this, id, recipient, last, sent_on, reply](delivery::delivery_result& result) {
            using delivery::result_kind;
            if (reply) self->send(responder, delivery::reply_settled{reply});
            if (sent_on && (result.kind == result_kind::delivered || result.kind == result_kind::unknown))
              load(sent_on, false);
            delivered(id, recipient, last, result);
          },
          [this, id, recipient, last, sent_on, reply](caf::error& failed) {
            if (reply) self->send(responder, delivery::reply_settled{reply});
            if (sent_on) load(sent_on, false);
            delivered(id, recipient, last, {delivery::result_kind::unknown, "451 4.3.0 " + describe(failed)});
          });
}

void queue_state::count_delivery(const storage::spool_recipient& recipient) {
  storage::day_counts one;
  one.deliveries = 1;
  statistics::happened what;
  what.server = one;
  what.domains.push_back({{}, statistics::domain_of(recipient.address), one});
  statistics::tell(statistics, std::move(what));
}

uint8_t queue_state::first_priority(const storage::spool_record& of, const storage::spool_recipient& who) {
  if (who.is_priority_ordered) return who.priority;
  priorities.follow(settings->get());
  return priorities.at_first(of.sender, of.size_bytes, class_of(of.sender));
}

void queue_state::delivered(queue_id id, const storage::spool_recipient& recipient, bool last,
                            const delivery::delivery_result& result) {
  auto& on = at_work.at(id);
  --on.out;
  --out;
  switch (result.kind) {
  case delivery::result_kind::delivered:
    counters->add(metrics::counter::messages_delivered);
    count_delivery(recipient);
    tell(id, recipient.index, first_try::delivered);
    on.ended = last; // it took the message out of the spool with it
    break;
  case delivery::result_kind::unknown:
    // Nothing is written: were it delivered, that would bring the recipient back. What is on disk is read
    // again.
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
  case delivery::result_kind::no_mailbox:
    tell(id, recipient.index, first_try::kept);
    fail(id, recipient, result.text);
    break;
  case delivery::result_kind::over_quota:
  case delivery::result_kind::failed:
    if (wants_to_hear(id, recipient.index))
      give_back(id, recipient, result);
    else if (const auto early = on.early.find(recipient.index); early != on.early.end())
      leave_for_later(id, early->second); // who orders a try takes none of the attempts away
    else if (result.kind == delivery::result_kind::over_quota)
      fail(id, recipient, result.text);
    else
      fail_here(id, recipient, result.text);
    break;
  }
  if (at_work.at(id).open.empty())
    end_if_done(id);
  else
    push(id);
  work();
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
  self->delayed_send(self, queue_tick_interval, atom::tick::value);
}

queue_self::behavior_type queue(queue_self::stateful_pointer<queue_state> self, mailbox::services with,
                                delivery::local_actor local, domain::directory_actor directory,
                                outbound::dispatcher_actor elsewhere, checker_actor checker,
                                live_settings_ptr settings, metrics::counters_ptr counters,
                                statistics::statistics_actor statistics,
                                delivery::responder_actor responder) {
  auto& state = self->state;
  state.self = self;
  outlive_stray_errors(self);
  state.with = std::move(with);
  state.local = std::move(local);
  state.directory = std::move(directory);
  state.elsewhere = std::move(elsewhere);
  state.checker = std::move(checker);
  state.settings = std::move(settings);
  state.counters = std::move(counters);
  state.statistics = std::move(statistics);
  state.responder = std::move(responder);
  state.on_disk_from = queue_id(1); // what was accepted before this start
  state.read_more();
  self->delayed_send(self, queue_tick_interval, atom::tick::value);
  return {
      [self](enqueue_message& what) { self->state.enqueue(std::move(what)); },
      [self](try_message& what) { return self->state.try_first(std::move(what)); },
      [self](const list_queue& what) { return self->state.list(what); },
      [self](const show_message& what) {
        return self->state.list({what.id, 1});
      },
      [self](const delete_message& what) { return self->state.remove(what); },
      [self](const retry_message& what) { return self->state.retry(what); },
      [self](const order_message& what) { return self->state.order(what); },
      [self](atom::status) {
        return queue_status{self->state.in_memory.size() + self->state.checking.size()};
      },
      [self](atom::tick) { self->state.tick(); },
      [self](const outbound::report_written& what) { self->state.load(what.id, false); },
      [self](const delivery::reply_written& what) { self->state.load(what.id, false); },
  };
}

} // namespace stagepost::spool
