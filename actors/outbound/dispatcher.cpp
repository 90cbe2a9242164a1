#include "actors/outbound/dispatcher.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/outbound/primary_routes.hpp"
#include "actors/wall_clock.hpp"
#include "conf/limits.hpp"

#include <algorithm>

namespace stagepost::outbound {

namespace {

/// Destinations known to have something due; what is behind them stays on disk.
constexpr size_t waiting_limit = 10000;
/// Rows of the index read at a time.
constexpr size_t rows_per_read = 2000;
constexpr size_t resting_limit = 100000;
constexpr uint32_t longest_destination_rest_factor = 32;
constexpr auto dispatcher_tick_interval = std::chrono::seconds(1);
/// Whatever was overlooked or could not be read is found by then.
constexpr auto look_anew_interval = std::chrono::hours(1);
/// What a stop waits for deliveries under way; what takes longer is begun anew after the next start.
constexpr auto stop_limit = std::chrono::seconds(8);

} // namespace

void dispatcher_state::begin(setup_ptr what) {
  with = std::move(what);
  places.resize(with->shards.size());
  settings_seen = with->settings->get();
  other_ways_seen = with->settings->other_ways();
  incoming = incoming_view(with->gateways);
  look_at_gateways();
  look_anew_at = std::chrono::steady_clock::now() + look_anew_interval;
  look_all();
  for (const auto& [each, answer] : std::exchange(early, {})) record_now(each, answer);
}

/// What is on disk is not looked at from the beginning again before there is room for it.
bool dispatcher_state::is_crowded() const { return waiting.size() > waiting_limit / 2; }

void dispatcher_state::heard(const std::string& destination, bool is_urgent) {
  if (!with || stopping) return; // the look at the disk finds it
  // Which of its priorities is due nobody said: who has nothing to do ends at once.
  for (const auto& each : std::vector<lane>(lanes_of(destination)))
    heard_of_lane(destination, each, is_urgent);
}

void dispatcher_state::heard_of_lane(const std::string& destination, const lane& of, bool is_urgent) {
  const auto place = place_of(destination, of);
  if (const auto at = alive.find(place); at != alive.end()) {
    ++at->second.pokes;
    self->send(at->second.handle, due_again{});
    return;
  }
  const bool is_known = is_waiting.count(place) != 0;
  if ((is_known && !is_urgent) || !may_be_sent(destination, of)) return;
  if (const auto at = resting.find(place);
      at != resting.end() && at->second.until > std::chrono::steady_clock::now())
    return;
  auto& line = is_urgent || let_in.has(place) ? preferred : waiting;
  if (line.size() >= waiting_limit) {
    for (auto& each : places) each.again = true;
    return;
  }
  is_waiting.insert(place);
  line.push_back(place);
  start_some();
}

void dispatcher_state::send_whole(const std::string& destination) {
  if (!with || stopping) return;
  for (const auto& each : std::vector<lane>(lanes_of(destination))) {
    const auto place = place_of(destination, each);
    resting.erase(place);
    if (const auto at = alive.find(place); at != alive.end()) {
      ++at->second.pokes;
      self->send(at->second.handle, all_due{});
      continue;
    }
    if (to_send_whole.size() < waiting_limit) to_send_whole.insert(place);
    heard_of_lane(destination, each, true);
  }
}

/// The next destination that there is a place for. Neither those who let us in nor strangers may take all
/// places: a quarter is for the others.
std::optional<std::string> dispatcher_state::take_next() {
  const size_t most = with->settings->get()->smtp_out.live_destinations;
  if (alive.size() >= most) return std::nullopt;
  const size_t part = most / 4;
  const auto strangers = size_t(
      std::count_if(alive.begin(), alive.end(), [](const auto& each) { return each.second.is_stranger; }));
  const auto kept_free = waiting.empty() ? 0 : part - std::min(part, strangers);
  const auto take = [this](std::deque<std::string>& line, bool has_room) -> std::optional<std::string> {
    while (has_room && !line.empty()) {
      auto next = std::move(line.front());
      line.pop_front();
      if (is_waiting.erase(next) != 0) return next;
    }
    return std::nullopt;
  };
  if (auto next = take(preferred, alive.size() < most - kept_free)) return next;
  return take(waiting, strangers < most - part);
}

void dispatcher_state::start_some() {
  if (stopping) return;
  while (auto next = take_next()) start(*next);
}

/// Not when its route is gone since, or its lane; nor as long as another has one of its priorities, whose end
/// makes it heard of again.
void dispatcher_state::start(const std::string& place) {
  const auto destination = destination_in(place);
  const auto* found = find_lane(place);
  if (found == nullptr || !may_be_sent(destination, *found) || is_taken(destination, *found)) return;
  std::set<queue_id> left_alone;
  for (const auto& [id, where] : barred)
    if (std::find(where.begin(), where.end(), destination) != where.end()) left_alone.insert(id);
  const auto made = self->spawn(outbound::destination, destination, *found, with,
                                caf::actor_cast<foreman_actor>(self), std::move(left_alone));
  self->monitor(made);
  auto& born =
      alive.emplace(place, alive_destination{made, found->priorities, !let_in.has(place)}).first->second;
  if (to_send_whole.erase(place) == 0) return;
  ++born.pokes;
  self->send(made, all_due{});
}

void dispatcher_state::look_all() {
  for (size_t i = 0; i < places.size(); ++i) look(i);
}

void dispatcher_state::look(size_t shard) {
  auto& at = places[shard];
  if (at.busy || stopping) return;
  const auto now = wall_clock();
  if (now < at.until || (at.again && !is_crowded())) {
    at.again = false;
    at.at.clear();
  }
  at.until = now;
  at.busy = true;
  const auto settings = with->settings->get();
  const auto furthest = now + longest_wait(settings->spool, *incoming.get()) + jump_watch::least_jump;
  struct seen {
    storage::result<storage::due_page> due{storage::errc::io_error};
    storage::result<storage::due_page> left_behind{storage::errc::io_error};
  };
  const auto found = std::make_shared<seen>();
  const auto& in = with->shards[shard].with;
  auto behind = std::max(at.left_behind_at, storage::due_place(furthest));
  auto job = offload::make_work([found, store = in.store, from = at.at, behind = std::move(behind), now] {
    found->due = storage::read_due(*store, from, now, rows_per_read, storage::reach::disk);
    found->left_behind =
        storage::read_due(*store, behind, storage::end_of_time, rows_per_read, storage::reach::disk);
  });
  self->request(in.readers, caf::infinite, offload::run_work{job})
      .then([this, shard, found](offload::work_done) { looked(shard, found->due, found->left_behind); },
            [this, shard](caf::error&) { places[shard].busy = false; });
}

void dispatcher_state::looked(size_t shard, const storage::result<storage::due_page>& due,
                              const storage::result<storage::due_page>& left_behind) {
  auto& at = places[shard];
  at.busy = false;
  // A place with a thousand rows is told once.
  std::unordered_set<std::string> names;
  if (left_behind) {
    at.left_behind_at = left_behind->is_last ? bytes{} : left_behind->next;
    for (const auto& row : left_behind->rows) names.insert(row.destination);
  }
  if (due) {
    at.at = due->next;
    for (const auto& row : due->rows) names.insert(row.destination);
  }
  for (const auto& each : names) heard(each);
  if (due && !due->is_last) look(shard);
}

void dispatcher_state::nothing_left(const nothing_due& what, const caf::actor_addr& who) {
  const auto at = alive.find(what.place);
  if (at == alive.end() || at->second.handle.address() != who) return; // the one before it, which has ended
  if (at->second.pokes != what.pokes) return;                          // it has not heard of everything yet
  const auto had = std::move(at->second);
  alive.erase(at);
  self->demonitor(had.handle.address());
  self->send_exit(had.handle, caf::exit_reason::user_shutdown);
  if (what.failed) let_in.drop(what.place);
  if (!what.failed) {
    resting.erase(what.place);
  } else if (resting.size() < resting_limit || resting.count(what.place) != 0) {
    const auto settings = with->settings->get();
    auto [known, first] = resting.try_emplace(what.place);
    if (!first) ++known->second.failures;
    const auto factor =
        std::min(1u << std::min(known->second.failures - 1, 8u), longest_destination_rest_factor);
    known->second.until = std::chrono::steady_clock::now() + settings->smtp_out.rest_after_failure * factor;
  } else {
    for (auto& each : places) each.again = true; // what came since is only on disk
  }
  give_back_all(what.place, had);
  end_stop_if_done();
  if (what.is_outdated || find_lane(what.place) == nullptr) heard(destination_in(what.place));
  start_some();
  if (!is_crowded() &&
      std::any_of(places.begin(), places.end(), [](const place& each) { return each.again; }))
    look_all();
}

/// A destination failed. What it knew is on disk.
void dispatcher_state::gone(const caf::actor_addr& who, const caf::error& why) {
  const auto at = std::find_if(alive.begin(), alive.end(), [&](const auto& each) {
    return caf::actor_cast<caf::actor_addr>(each.second.handle) == who;
  });
  if (at == alive.end()) return;
  const auto name = at->first;
  log::error("destination {} failed: {}", destination_in(name), caf::to_string(why));
  const auto had = std::move(at->second);
  resting[name] = {std::chrono::steady_clock::now() + with->settings->get()->smtp_out.rest_after_failure};
  alive.erase(at);
  give_back_all(name, had);
  end_stop_if_done();
  start_some();
}

caf::result<sending_stopped> dispatcher_state::stop() {
  auto promise = self->make_response_promise<sending_stopped>();
  stopping.emplace(promise);
  stop_at = std::chrono::steady_clock::now() + stop_limit;
  preferred.clear();
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
  for (const auto& each : rested) heard(destination_in(each));
  // A route may have come for what waited for one.
  if (const auto settings = with->settings->get(); settings != settings_seen) {
    if (lead_elsewhere(settings_seen->smtp_out, settings->smtp_out)) {
      resting.clear(); // nobody was asked on the way there is now
      for (auto& each : places) each.again = true;
    }
    settings_seen = settings;
    grant();
  }
  if (const auto other_ways = with->settings->other_ways(); other_ways != other_ways_seen) {
    other_ways_seen = other_ways;
    for (auto& each : places) each.again = each.again || !resting.empty();
    resting.clear();
  }
  look_at_gateways();
  ask_peers();
  if (now >= look_anew_at) {
    look_anew_at = now + look_anew_interval;
    for (auto& each : places) each.again = true;
  }
  start_some();
  look_all();
  settle_some();
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
  self->delayed_send(self, dispatcher_tick_interval, atom::tick::value);
  return {
      [self](const has_due& what) { self->state.heard(what.destination, what.is_urgent); },
      [self](const look_whether_done& what) { self->state.settle(what.id); },
      [self](const bar_message& what) { return self->state.bar(what); },
      [self](const unbar_message& what) { self->state.unbar(what.id); },
      [self](const send_held& what) {
        for (const auto& each : what.destinations) self->state.send_whole(each);
      },
      [self](const record_failures& what) { return self->state.record(what); },
      [self](stop_sending) { return self->state.stop(); },
      [self](atom::status) {
        const auto& state = self->state;
        return outbound_status{state.alive.size(), state.is_waiting.size(), state.slots};
      },
      [self](const take_slot& what) {
        return self->state.ask(what, caf::actor_cast<caf::actor_addr>(self->current_sender()));
      },
      [self](const slot_in_use& what) {
        self->state.put_to_use(what, caf::actor_cast<caf::actor_addr>(self->current_sender()));
      },
      [self](const return_slot& what) {
        self->state.give_back(what, caf::actor_cast<caf::actor_addr>(self->current_sender()));
      },
      [self](const nothing_due& what) {
        self->state.nothing_left(what, caf::actor_cast<caf::actor_addr>(self->current_sender()));
      },
      [self](const begin_sending& what) { self->state.begin(what.with); },
      [self](atom::tick) {
        self->state.tick();
        self->delayed_send(self, dispatcher_tick_interval, atom::tick::value);
      },
  };
}

} // namespace stagepost::outbound
