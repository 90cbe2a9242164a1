#include "actors/outbound/dispatcher.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/outbound/configured_routes.hpp"
#include "actors/wall_clock.hpp"
#include "storage/blobs.hpp"
#include "storage/spool_table.hpp"

#include <algorithm>

namespace stagepost::outbound {

namespace {

/// Destinations known to have something due; what is behind them stays on disk.
constexpr size_t waiting_limit = 10000;
/// Rows of the index read at a time.
constexpr size_t read_step = 2000;
/// Rows from before the clock was set back, looked at in one go.
constexpr size_t left_behind_step = 200;
constexpr size_t resting_limit = 100000;
constexpr uint32_t longest_rest_factor = 32;
constexpr auto tick_interval = std::chrono::seconds(1);
/// Whatever was overlooked or could not be read is found by then.
constexpr auto look_anew_interval = std::chrono::hours(1);
/// What a stop waits for deliveries under way; what takes longer is begun anew after the next start.
constexpr auto stop_limit = std::chrono::seconds(8);

} // namespace

void dispatcher_state::begin(setup_ptr what) {
  with = std::move(what);
  places.resize(with->shards.size());
  settings_seen = with->settings->get();
  look_anew_at = std::chrono::steady_clock::now() + look_anew_interval;
  look_all();
}

/// What this node does not send waits on disk.
bool dispatcher_state::may_be_sent(const std::string& destination) const {
  if (with->limits.deliver != conf::outbound_scope::routes)
    return with->limits.deliver == conf::outbound_scope::all;
  const auto settings = with->settings->get();
  return !settings->smtp_out.routes.empty() && configured_route(settings->smtp_out, destination).has_value();
}

void dispatcher_state::heard(const std::string& destination) {
  if (!with || stopping) return; // the look at the disk finds it
  if (const auto at = alive.find(destination); at != alive.end()) {
    ++at->second.pokes;
    self->send(at->second.handle, due_again{});
    return;
  }
  if (is_waiting.count(destination) != 0 || !may_be_sent(destination)) return;
  if (const auto at = resting.find(destination);
      at != resting.end() && at->second.until > std::chrono::steady_clock::now())
    return;
  if (waiting.size() >= waiting_limit) {
    for (auto& each : places) each.again = true;
    return;
  }
  is_waiting.insert(destination);
  waiting.push_back(destination);
  start_some();
}

void dispatcher_state::start_some() {
  if (stopping) return;
  const auto most = with->settings->get()->smtp_out.live_destinations;
  while (!waiting.empty() && alive.size() < most) {
    const auto next = std::move(waiting.front());
    waiting.pop_front();
    is_waiting.erase(next);
    if (may_be_sent(next)) start(next); // its route may be gone since
  }
}

void dispatcher_state::start(const std::string& destination) {
  const auto made =
      self->spawn(outbound::destination, destination, with, caf::actor_cast<foreman_actor>(self),
                  std::set<queue_id>(barred.begin(), barred.end()));
  self->monitor(made);
  alive.emplace(destination, alive_destination{made});
}

void dispatcher_state::look_all() {
  for (size_t i = 0; i < places.size(); ++i) look(i);
}

void dispatcher_state::look(size_t shard) {
  auto& at = places[shard];
  if (at.busy || stopping || waiting.size() > waiting_limit / 2) return;
  const auto now = wall_clock();
  if (std::exchange(at.again, false) || now < at.until) at.at.clear();
  at.until = now;
  at.busy = true;
  const auto settings = with->settings->get();
  const auto& plan = settings->spool.retry_intervals;
  const auto furthest = now + *std::max_element(plan.begin(), plan.end()) + jump_watch::least_jump;
  struct seen {
    storage::result<storage::due_page> due{storage::errc::io_error};
    storage::result<storage::due_page> left_behind{storage::errc::io_error};
  };
  const auto found = std::make_shared<seen>();
  const auto& in = with->shards[shard].with;
  auto job = offload::make_work([found, store = in.store, from = at.at, now, furthest] {
    found->due = storage::read_due(*store, from, now, read_step, storage::reach::disk);
    found->left_behind = storage::read_due(*store, storage::due_place(furthest), storage::end_of_time,
                                           left_behind_step, storage::reach::disk);
  });
  self->request(in.readers, caf::infinite, offload::run_work{job})
      .then(
          [this, shard, found](offload::work_done) {
            auto& at = places[shard];
            at.busy = false;
            if (found->left_behind)
              for (const auto& row : found->left_behind->rows) heard(row.destination);
            if (!found->due) return;
            at.at = found->due->next;
            for (const auto& row : found->due->rows) heard(row.destination);
            if (!found->due->is_last) look(shard);
          },
          [this, shard](caf::error&) { places[shard].busy = false; });
}

void dispatcher_state::grant() {
  const auto most = with->settings->get()->smtp_out.max_connections;
  while (slots < most && !askers.empty()) {
    auto best = askers.end();
    size_t fewest = 0;
    for (auto at = askers.begin(); at != askers.end(); ++at) {
      const auto who = alive.find(at->destination);
      const auto has = who == alive.end() ? 0 : who->second.slots;
      if (best != askers.end() &&
          (at->priority < best->priority || (at->priority == best->priority && has >= fewest)))
        continue;
      best = at;
      fewest = has;
    }
    const auto next = std::move(*best);
    askers.erase(best);
    const auto who = alive.find(next.destination);
    if (who == alive.end()) continue; // it ended
    ++who->second.slots;
    ++slots;
    next.answer.deliver(slot_granted{});
  }
}

void dispatcher_state::release(size_t count) {
  slots -= std::min(slots, count);
  grant();
}

void dispatcher_state::nothing_left(const nothing_due& what, const caf::actor_addr& who) {
  const auto at = alive.find(what.destination);
  if (at == alive.end() || at->second.handle.address() != who) return; // the one before it, which has ended
  if (at->second.pokes != what.pokes) return;                          // it has not heard of everything yet
  const auto handle = at->second.handle;
  const auto held = at->second.slots;
  alive.erase(at);
  self->demonitor(handle.address());
  self->send_exit(handle, caf::exit_reason::user_shutdown);
  if (!what.failed) {
    resting.erase(what.destination);
  } else if (resting.size() < resting_limit || resting.count(what.destination) != 0) {
    const auto settings = with->settings->get();
    auto [known, first] = resting.try_emplace(what.destination);
    if (!first) ++known->second.failures;
    const auto factor = std::min(1u << std::min(known->second.failures - 1, 8u), longest_rest_factor);
    known->second.until = std::chrono::steady_clock::now() + settings->smtp_out.rest_after_failure * factor;
  } else {
    for (auto& each : places) each.again = true; // what came since is only on disk
  }
  release(held);
  end_stop_if_done();
  start_some();
  if (waiting.size() <= waiting_limit / 2 &&
      std::any_of(places.begin(), places.end(), [](const place& each) { return each.again; }))
    look_all();
}

/// A destination failed. What it knew is on disk.
void dispatcher_state::gone(const caf::actor_addr& who, const caf::error& why) {
  const auto at = std::find_if(alive.begin(), alive.end(), [&](const auto& each) {
    return caf::actor_cast<caf::actor_addr>(each.second.handle) == who;
  });
  if (at == alive.end()) return;
  log::error("destination {} failed: {}", at->first, caf::to_string(why));
  const auto held = at->second.slots;
  resting[at->first] = {std::chrono::steady_clock::now() +
                        with->settings->get()->smtp_out.rest_after_failure};
  alive.erase(at);
  release(held);
  end_stop_if_done();
  start_some();
}

/// Those who have their part of a message done may be the last; only here this is found out, one after the
/// other.
void dispatcher_state::settle(queue_id id) {
  if (!with) return; // the next start takes it out
  const auto found = std::make_shared<std::vector<std::pair<size_t, storage::spool_record>>>();
  auto job = offload::make_work([found, with = with, id] {
    for (size_t i = 0; i < with->shards.size(); ++i) {
      const auto& store = *with->shards[i].with.store;
      const auto message = storage::read_spool(store, id, storage::reach::disk);
      if (!message) continue;
      const auto left = storage::read_recipients(store, id, 0, 1, storage::reach::disk);
      if (left && left->recipients.empty() && left->damaged.empty()) found->emplace_back(i, *message);
    }
  });
  self->request(with->shards.front().with.readers, caf::infinite, offload::run_work{job})
      .then(
          [this, found](offload::work_done) {
            for (const auto& [shard, message] : *found) {
              const auto& in = with->shards[shard].with;
              auto batch = std::make_shared<storage::batch>(*in.store);
              storage::delete_spool(*batch, message.id);
              storage::drop_reference(*batch, message.body, storage::blob_owner::spool, message.id.value, 0);
              self->request(in.committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr})
                  .then([](committer::committed) {}, [](caf::error&) {});
            }
          },
          [](caf::error&) {}); // it stays, empty, until the next start
}

caf::result<message_barred> dispatcher_state::bar(const bar_message& what) {
  barred.insert(what.id);
  auto promise = self->make_response_promise<message_barred>();
  struct asked {
    size_t open = 1;
    bool all = true;
  };
  const auto count = std::make_shared<asked>();
  open_answer<message_barred> answer(promise);
  const auto heard_of = [this, count, answer, what](bool done) {
    count->all = count->all && done;
    if (--count->open != 0) return;
    if (!count->all) unbar({what.id, what.destinations});
    answer.deliver(message_barred{count->all});
  };
  for (const auto& each : what.destinations) {
    const auto at = alive.find(each);
    if (at == alive.end()) continue;
    ++count->open;
    self->request(at->second.handle, caf::infinite, bar_here{what.id})
        .then([heard_of](message_barred found) { heard_of(found.done); },
              [heard_of](caf::error&) { heard_of(false); });
  }
  heard_of(true);
  return promise;
}

void dispatcher_state::unbar(const unbar_message& what) {
  if (const auto at = barred.find(what.id); at != barred.end()) barred.erase(at);
  for (const auto& each : what.destinations) {
    resting.erase(each); // somebody wants it tried now
    if (const auto at = alive.find(each); at != alive.end())
      self->send(at->second.handle, unbar_here{what.id});
    heard(each);
  }
}

caf::result<sending_stopped> dispatcher_state::stop() {
  auto promise = self->make_response_promise<sending_stopped>();
  stopping.emplace(promise);
  stop_at = std::chrono::steady_clock::now() + stop_limit;
  waiting.clear();
  is_waiting.clear();
  askers.clear(); // which answers them: no
  for (const auto& [name, each] : alive) self->send(each.handle, atom::drain::value);
  end_stop_if_done();
  return promise;
}

void dispatcher_state::end_stop_if_done() {
  if (stopping && (alive.empty() || std::chrono::steady_clock::now() >= stop_at))
    stopping->deliver(sending_stopped{});
}

void dispatcher_state::tick() {
  end_stop_if_done();
  if (!with || stopping) return;
  const auto now = std::chrono::steady_clock::now();
  std::vector<std::string> rested;
  for (auto& [name, each] : resting)
    if (each.until != steady{} && each.until <= now) {
      each.until = {};
      rested.push_back(name);
    }
  for (const auto& each : rested) heard(each);
  // A route may have come for what waited for one.
  if (const auto settings = with->settings->get(); settings != settings_seen) {
    if (settings->smtp_out.routes != settings_seen->smtp_out.routes)
      for (auto& each : places) each.again = true;
    settings_seen = settings;
    grant();
  }
  if (now >= look_anew_at) {
    look_anew_at = now + look_anew_interval;
    for (auto& each : places) each.again = true;
  }
  start_some();
  look_all();
}

dispatcher_self::behavior_type dispatcher(dispatcher_self::stateful_pointer<dispatcher_state> self) {
  outlive_stray_errors(self);
  self->state.self = self;
  self->set_down_handler([self](const caf::down_msg& who) { self->state.gone(who.source, who.reason); });
  self->set_exit_handler([self](caf::exit_msg& why) {
    for (const auto& [name, each] : self->state.alive)
      self->send_exit(each.handle, caf::exit_reason::user_shutdown);
    self->quit(why.reason);
  });
  self->delayed_send(self, tick_interval, atom::tick::value);
  return {
      [self](const has_due& what) { self->state.heard(what.destination); },
      [self](const look_whether_done& what) { self->state.settle(what.id); },
      [self](const bar_message& what) { return self->state.bar(what); },
      [self](const unbar_message& what) { self->state.unbar(what); },
      [self](stop_sending) { return self->state.stop(); },
      [self](atom::status) {
        return outbound_status{self->state.alive.size(), self->state.waiting.size(), self->state.slots};
      },
      [self](const take_slot& what) -> caf::result<slot_granted> {
        if (self->state.stopping) return caf::make_error(caf::sec::request_receiver_down);
        auto promise = self->make_response_promise<slot_granted>();
        self->state.askers.push_back({what.destination, what.priority, open_answer<slot_granted>(promise)});
        self->state.grant();
        return promise;
      },
      [self](const return_slot& what) {
        const auto at = self->state.alive.find(what.destination);
        if (at == self->state.alive.end() || at->second.slots == 0) return;
        --at->second.slots;
        self->state.release(1);
      },
      [self](const nothing_due& what) {
        self->state.nothing_left(what, caf::actor_cast<caf::actor_addr>(self->current_sender()));
      },
      [self](const begin_sending& what) { self->state.begin(what.with); },
      [self](atom::tick) {
        self->state.tick();
        self->delayed_send(self, tick_interval, atom::tick::value);
      },
  };
}

} // namespace stagepost::outbound
