#include "actors/outbound/destination.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/net/scheduler.hpp"
#include "actors/outbound/deliverer.hpp"
#include "actors/outbound/primary_routes.hpp"
#include "actors/wall_clock.hpp"
#include "conf/limits.hpp"

#include <algorithm>

namespace stagepost::outbound {

namespace {

/// Recipients read at a time; what is behind them stays on disk.
constexpr size_t recipients_per_read = 200;
/// Deliveries whose end is on its way to the disk, before more is read: a slow disk slows us down.
constexpr size_t recording_limit = 200;
/// Tried before their time and in vain: beyond it the others wait for theirs, too.
constexpr size_t most_tried_early = 2000;
constexpr auto destination_tick_interval = std::chrono::seconds(1);
/// A destination that is always busy looks anew where its mail goes after this time.
constexpr auto route_lifetime = std::chrono::minutes(5);
/// Recipients after whose end looks go on where first attempts began.
constexpr size_t sent_before_begins = 1000;
/// A connection with nothing to send while others of its destination are busy is kept for so long.
constexpr auto hungry_limit = std::chrono::seconds(1);

/// Given to a connection that failed in the middle: nobody knows how far it came. It counts as an attempt, so
/// that a message that no connection survives does not go round for ever.
job_done broken_off(const job_ptr& job) {
  auto why = smtp_client::own_decision(smtp_client::fate::temporary, smtp_client::stage::content, {4, 4, 2},
                                       "The delivery ended here before it was known how");
  why.maybe_delivered = true;
  job_done end{job, {}, false, {}};
  end.outcomes.assign(job->recipients.size(), why);
  return end;
}

/// What is heard by a domain's own address says something of the host only when nobody answered there; that
/// it cannot have mail of a particular wish says nothing.
bool is_of_host(const mail_way& way, const not_let_in& what) {
  return !what.why.is_ours && !way.has_wish() && (way.is_usual() || what.why.reply.code == 0);
}

} // namespace

void destination_state::work() {
  look_whether_lane_holds();
  if (draining || halted || is_outdated) return wind_up();
  fail_ready();
  hand_out();
  // What is due comes before the way there: a place with nothing for it is not looked up.
  if (wants_more() && may_be_more && !looking && has_room()) {
    look();
    if (ready.empty()) return;
  }
  if (!ready.empty() && needs_route()) {
    if (!has_route() || std::chrono::steady_clock::now() - route_found_at > route_lifetime) find_way();
    if (!has_route()) return;
    if (route->failed && route->failed->is_ours) return halt(route->failed->reason);
    if (give_up_ways_to_nowhere()) return work();
  }
  ask_for_slots();
  end_if_idle();
}

bool destination_state::has_room() const { return recording + waiting_for_disk.size() < recording_limit; }

/// Nothing that is due is to blame, so nothing of it has had an attempt.
void destination_state::halt(const std::string& why) {
  log::warn("destination {} is left alone, no attempt is counted: {}", text_of(destination, lane), why);
  halted = true;
  wind_up();
}

/// What is under way comes to its end.
void destination_state::wind_up() {
  for (const auto& each : std::exchange(ready, {})) put_down(*each);
  for (const auto& each : std::exchange(hungry, {})) each.answer.deliver(job_answer{});
  for (const auto& [who, each] : workers)
    if (!each.let_in) caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  if (!workers.empty() || recording != 0 || !waiting_for_disk.empty() || (halted && slots_asked != 0)) return;
  // What waits for a route needs no rest: it is looked at when there is one.
  self->send(foreman, nothing_due{place, pokes, halted && !(route && route->waits), is_outdated});
}

/// To each a message of its own way, and never of another.
void destination_state::hand_out() {
  for (auto next = hungry.begin(); next != hungry.end() && !ready.empty();) {
    const auto who = workers.find(next->who);
    if (who == workers.end()) {
      next = hungry.erase(next);
      continue;
    }
    if (must_make_room()) {
      who->second.is_leaving = true;
      next->answer.deliver(job_answer{});
      next = hungry.erase(next);
      continue;
    }
    const auto job = std::find_if(ready.begin(), ready.end(),
                                  [&](const job_ptr& each) { return each->way == who->second.way; });
    if (job == ready.end()) {
      ++next;
      continue;
    }
    who->second.job = *job;
    ready.erase(job);
    next->answer.deliver(job_answer{who->second.job});
    next = hungry.erase(next);
  }
}

bool destination_state::has_route() const { return route && route_life == life; }

/// The administrator changed where mail goes, or how. Messages under way come to their end on connections
/// that get no other; what failed on the way of before may go on the new one. What was read is read anew.
void destination_state::forget_way() {
  ++life;
  for (const auto& each : std::exchange(hungry, {})) each.answer.deliver(job_answer{});
  for (const auto& [who, each] : workers)
    if (!each.let_in) caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  ways.clear();
  for (const auto& each : std::exchange(ready, {})) put_down(*each);
  looked_at_all = {};
  may_be_more = true;
}

void destination_state::find_way() {
  if (asking_route) return;
  asking_route = true;
  self->request(with->router, caf::infinite, find_route{destination, !lane.gateways.empty()})
      .then([this, asked_in = life](outbound::route& found) { found_way(std::move(found), asked_in); },
            [this, asked_in = life](caf::error& failed) {
              outbound::route none;
              none.failed = smtp_client::outcome_of(smtp_client::lookup_failure::server_failure, destination);
              none.failed->reason += ": " + describe(failed);
              none.failed->is_ours = true;
              found_way(std::move(none), asked_in);
            });
}

void destination_state::found_way(outbound::route found, uint64_t asked_in) {
  asking_route = false;
  if (asked_in != life) return work(); // which asks anew
  route_found_at = std::chrono::steady_clock::now();
  // As long as a host lets us in, the way that leads there is good enough.
  if (!found.failed || !has_route() || workers.empty() || found.waits) {
    route = std::move(found);
    using smtp::tls_wish;
    for (const auto wish : {tls_wish::none, tls_wish::required, tls_wish::optional})
      hops_by_wish[size_t(wish)] = hops_for(wish, *route);
  }
  route_life = life;
  work();
}

/// No next attempt is behind it, unless the clock went back.
instant destination_state::furthest_from(instant now) {
  return now + longest_wait(with->settings->get()->spool, *gateways.get()) + jump_watch::least_jump;
}

void destination_state::look() {
  looking = true;
  may_be_more = false; // unless somebody says so meanwhile
  changed_while_looking.clear();
  const auto settings = with->settings->get();
  job_question question;
  question.destination = destination;
  question.now = wall_clock();
  question.furthest = furthest_from(question.now);
  question.limit = recipients_per_read;
  question.recipients_of_job = settings->smtp_out.recipients_per_message;
  question.in_hand = in_hand;
  const auto leave_out = [&](const std::set<std::pair<size_t, storage::recipient_key>>& those) {
    for (const auto& [shard, key] : those) question.in_hand[shard].insert(key);
  };
  leave_out(passed_over);
  leave_out(unread);
  for (const auto& [way, of] : ways) leave_out(of.later);
  std::erase_if(not_yet, [&](const auto& each) { return each.second <= question.now; });
  for (const auto& [who, until] : not_yet) question.in_hand[who.first].insert(who.second);
  question.everything = looked_at_everything = everything;
  question.barred = barred;
  question.priorities = lane.priorities;
  const auto moment = std::chrono::steady_clock::now();
  const bool goes_on =
      sent_since_start >= sent_before_begins && moment - looked_at_all < look_at_all_interval;
  if (goes_on)
    question.begins = begins;
  else
    looked_at_all = moment;
  looked_in_part = goes_on;
  const auto result = std::make_shared<jobs_found>();
  auto job = offload::make_work(
      [result, with = with, question = std::move(question)] { *result = read_jobs(with->shards, question); });
  self->request(with->shards.front().with.readers, caf::infinite, offload::run_work{job})
      .then([this, result](offload::work_done) { ask_ways(result); },
            [this](caf::error&) { // the pool is full
              looking = false;
              look_later = true;
            });
}

/// A primary mail server is back. When nobody lets us in all the same, what is due now has failed, and the
/// rest waits for its time.
void destination_state::try_everything() {
  everything = !are_all_down();
  may_be_more = true;
  work();
}

void destination_state::found(jobs_found what) {
  looking = false;
  begins = std::move(what.begins);
  not_yet.insert(what.not_yet.begin(), what.not_yet.end());
  if (looked_at_everything && !what.more && what.jobs.empty()) everything = false;
  if (not_yet.size() > most_tried_early) everything = false;
  may_be_more = may_be_more || what.more;
  look_later = look_later || !what.good;
  unread.insert(what.unread.begin(), what.unread.end());
  const auto is_old = [this](queue_id id) { return changed_while_looking.count(id) != 0; };
  for (const auto& each : what.passed_over)
    if (!is_old(each.second.first)) passed_over.insert(each);
  for (auto& each : what.jobs) {
    if (is_old(each->message.id)) continue; // somebody said that there may be more: it is read anew
    if (barred.count(each->message.id) != 0) {
      for (const auto& who : each->recipients)
        passed_over.insert({each->shard, {each->message.id, who.index}});
      continue;
    }
    auto& of = ways[each->way];
    if (waits_for_next_try(*each)) {
      for (const auto& who : each->recipients) of.later.insert({each->shard, {each->message.id, who.index}});
      continue;
    }
    auto& held = in_hand[each->shard];
    for (const auto& who : each->recipients) held.insert({each->message.id, who.index});
    ready.push_back(std::move(each));
  }
  wake_ways();
  for (const auto& [shard, row] : what.stray) {
    // The row may have been one of before, and what has its key by now is right.
    if (is_old(row.id)) continue;
    if (barred.count(row.id) != 0) {
      passed_over.insert({shard, {row.id, row.index}});
      continue;
    }
    log::warn("queue {}: a row of the outbound index leads to nothing and is dropped", row.id.value);
    const auto& in = with->shards[shard].with;
    auto batch = std::make_shared<storage::batch>(*in.store);
    storage::delete_outbound_row(*batch, row);
    self->request(in.committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr})
        .then([](committer::committed) {}, [](caf::error&) {});
  }
  work();
}

/// What came first is asked for first; the connections of all ways count together.
void destination_state::ask_for_slots() {
  const size_t most = with->settings->get()->smtp_out.connections_per_destination;
  std::map<mail_way, size_t> seen; // of `ready`
  for (const auto& each : ready) {
    if (workers.size() + slots_asked >= most) return;
    const auto& of = ways[each->way];
    // Who is on his way here or comes back soon takes one each.
    if (of.down || of.slots_asked >= ++seen[each->way]) continue;
    if (connections_of(each->way) + of.slots_asked >= of.allowed) continue;
    if (!leads_somewhere(each->way)) continue;
    ask_for_slot(each->way, each->recipients.front().priority);
  }
}

void destination_state::ask_for_slot(const mail_way& way, uint8_t priority) {
  ++slots_asked;
  ++ways[way].slots_asked;
  take_slot question{place, priority, {}};
  if (goes_by_gateway()) question.gateways = gateways_left(way);
  self->request(foreman, caf::infinite, std::move(question))
      .then(
          [this, way, asked_in = life](const slot_granted& granted) {
            if (granted.gateway != 0) return reach_gateway(way, asked_in, granted);
            slot_answered(way, asked_in);
            const auto& there = hops_of(way);
            const auto but = there.left_out.empty() ? "" : "; not for what requires TLS: " + there.left_out;
            open_connection(way, there.hops, 0, route ? route->reason + but : but);
          },
          [this, way, asked_in = life](caf::error&) { slot_answered(way, asked_in); });
}

void destination_state::open_connection(const mail_way& way, const std::vector<next_hop>& hops,
                                        uint64_t gateway, std::string reason) {
  const bool is_wanted = !is_down(way) && std::any_of(ready.begin(), ready.end(),
                                                      [&](const job_ptr& each) { return each->way == way; });
  if (!is_wanted || hops.empty() || (gateway == 0 && !has_route()) || draining || halted || is_outdated) {
    self->send(foreman, return_slot{place, false, gateway, false});
    return work();
  }
  const auto giver = caf::actor_cast<job_giver_actor>(self);
  const auto made =
      self->system().spawn<deliverer>(net::scheduler::of(self->system()).next_io(), with, giver, hops, way);
  worker about;
  about.gateway = gateway;
  about.reason = std::move(reason);
  about.life = life;
  about.way = way;
  workers.emplace(made.address(), std::move(about));
  self->monitor(made);
}

caf::result<job_answer> destination_state::next(const caf::actor_addr& who) {
  auto promise = self->make_response_promise<job_answer>();
  const auto at = workers.find(who);
  if (at == workers.end() || at->second.life != life) {
    promise.deliver(job_answer{});
    return promise;
  }
  if (!at->second.let_in) {
    at->second.let_in = true;
    auto& of = ways[at->second.way];
    ++of.allowed;
    of.refusal.reset();
    of.failed.clear();
    self->send(foreman, slot_in_use{place, at->second.gateway});
    if (route && !route->gateway.empty() && with->primaries)
      self->send(with->primaries, gateway::primary_answered{route->gateway});
  }
  hungry.push_back({who, open_answer<job_answer>(promise), std::chrono::steady_clock::now()});
  work();
  return promise;
}

void destination_state::turned_away(const caf::actor_addr& who, const not_let_in& what) {
  const auto at = workers.find(who);
  if (at == workers.end() || at->second.life != life) return; // of before: nothing is known by it
  const auto gateway = at->second.gateway;
  const auto way = at->second.way;
  at->second.was_refused =
      is_of_host(way, what) && std::none_of(workers.begin(), workers.end(), [&](const auto& each) {
        return each.second.let_in && each.second.gateway == gateway;
      });
  auto& of = ways[way];
  if (const auto inside = let_in_of(way); inside > 0) {
    of.allowed = inside; // it takes no more at one time: no attempt failed, those inside go on
    return;
  }
  of.allowed = 1;
  if (of.down) return;
  if (gateway != 0) of.failed.insert(gateway);
  if (!of.refusal || says_more(way.wish, what.why, of.refusal->why)) {
    of.refusal = what;
    of.refusal->peer.route = at->second.reason;
  }
  of.refused_at = wall_clock();
}

/// The last connection of that way came to nothing, like those before it, and there is no other gateway.
void destination_state::conclude_if_nobody_is_let_in(const mail_way& way) {
  const auto at = ways.find(way);
  if (at == ways.end() || !at->second.refusal || connections_of(way) != 0) return;
  if (draining || halted || is_outdated) return;
  if (goes_by_gateway() && !gateways_left(way).empty()) return;
  auto& of = at->second;
  const auto last = *of.refusal;
  of.refusal.reset();
  of.failed.clear();
  // What one way lacks, or all while others get through, is a delay for its mail alone, and no attempt.
  if (last.why.is_ours && !last.is_of_way && !way.has_wish() && workers.empty()) return halt(last.why.reason);
  mark_down(way, last.why, last.peer, of.refused_at);
  if (are_all_down()) everything = false;
  if (is_of_host(way, last) && route && !route->gateway.empty() && with->primaries)
    self->send(with->primaries, gateway::primary_refused{route->gateway, destination});
  if (last.is_of_way)
    log::warn("destination {}: {}", text_of(destination, lane), reply_text(last.why));
  else
    log::info("destination {}: {}", text_of(destination, lane), reply_text(last.why));
}

void destination_state::gone(const caf::actor_addr& who) {
  const auto at = workers.find(who);
  if (at == workers.end()) return;
  const auto was = std::move(at->second);
  workers.erase(at);
  std::erase_if(hungry, [&](const hungry_worker& each) { return each.who == who; });
  self->send(foreman, return_slot{place, was.let_in, was.gateway, was.was_refused});
  if (was.job) {
    auto end = broken_off(was.job);
    end.peer.route = was.reason;
    record(std::move(end), std::nullopt);
  }
  conclude_if_nobody_is_let_in(was.way);
  work();
}

void destination_state::end_if_idle() {
  if (looking || may_be_more || look_later || looked_in_part || asking_route || !ready.empty() ||
      recording != 0 || !waiting_for_disk.empty())
    return;
  for (const auto& [who, each] : workers)
    if (each.job) return;
  for (auto& each : std::exchange(hungry, {})) each.answer.deliver(job_answer{});
  if (!workers.empty() || slots_asked != 0) return;
  const auto rests = [](const auto& each) { return !each.second.later.empty(); };
  if (!are_all_down() && std::any_of(ways.begin(), ways.end(), rests)) return; // it is tried again here
  self->send(foreman, nothing_due{place, pokes, are_all_down(), false});
}

caf::result<message_barred> destination_state::bar(queue_id id) {
  // What is on its way from the disk is looked at again when it comes.
  for (const auto& [shard, held] : in_hand) {
    const auto at = held.lower_bound({id, 0});
    if (at == held.end() || at->first != id) continue;
    const auto waits = [&](const job_ptr& each) { return each->message.id == id; };
    const auto waiting = size_t(std::count_if(ready.begin(), ready.end(), waits));
    size_t recipients = 0;
    for (const auto& each : ready)
      if (waits(each)) recipients += each->recipients.size();
    const auto end = held.lower_bound({queue_id(id.value + 1), 0});
    if (waiting == 0 || recipients != size_t(std::distance(at, end))) return message_barred{false};
  }
  for (const auto& each : ready)
    if (each->message.id == id) put_down(*each);
  std::erase_if(ready, [&](const job_ptr& each) { return each->message.id == id; });
  barred.insert(id);
  return message_barred{true};
}

void destination_state::unbar(queue_id id) {
  barred.erase(id);
  if (looking) changed_while_looking.insert(id);
  const auto is_of_it = [&](const auto& each) { return each.second.first == id; };
  std::erase_if(passed_over, is_of_it);
  for (auto& [way, of] : ways) std::erase_if(of.later, is_of_it);
  looked_at_all = {}; // it may be due before what was
  may_be_more = true;
  work();
}

/// Their places are for others.
void destination_state::send_hungry_away() {
  const auto now = std::chrono::steady_clock::now();
  while (!hungry.empty() && now - hungry.front().since > hungry_limit) {
    hungry.front().answer.deliver(job_answer{});
    hungry.pop_front();
  }
}

void destination_state::put_down(const job& what) {
  auto& held = in_hand[what.shard];
  for (const auto& who : what.recipients) held.erase({what.message.id, who.index});
}

destination_actor::behavior_type destination(destination_actor::stateful_pointer<destination_state> self,
                                             std::string name, outbound::lane lane, setup_ptr with,
                                             foreman_actor foreman, std::set<queue_id> barred) {
  outlive_stray_errors(self);
  auto& state = self->state;
  state.self = self;
  state.destination = std::move(name);
  state.place = place_of(state.destination, lane);
  state.lane = std::move(lane);
  state.with = std::move(with);
  state.gateways_seen = state.with->gateways->get();
  state.other_ways_seen = state.with->settings->other_ways();
  state.settings_seen = state.with->settings->get();
  state.gateways = incoming_view(state.with->gateways);
  state.foreman = std::move(foreman);
  state.barred = std::move(barred);
  self->set_down_handler([self](const caf::down_msg& who) { self->state.gone(who.source); });
  self->set_exit_handler([self](caf::exit_msg& why) {
    for (const auto& [who, each] : self->state.workers)
      caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
    self->quit(why.reason);
  });
  self->delayed_send(self, destination_tick_interval, atom::tick::value);
  state.work();
  return {
      [self](const next_job&) {
        return self->state.next(caf::actor_cast<caf::actor_addr>(self->current_sender()));
      },
      [self](const job_done& what) {
        return self->state.ended(caf::actor_cast<caf::actor_addr>(self->current_sender()), what);
      },
      [self](const not_let_in& what) {
        self->state.turned_away(caf::actor_cast<caf::actor_addr>(self->current_sender()), what);
      },
      [self](due_again) {
        ++self->state.pokes;
        self->state.may_be_more = true;
        self->state.work();
      },
      [self](all_due) {
        ++self->state.pokes;
        self->state.try_everything();
      },
      [self](const bar_here& what) { return self->state.bar(what.id); },
      [self](const unbar_here& what) { self->state.unbar(what.id); },
      [self](atom::drain) {
        self->state.draining = true;
        self->state.work();
      },
      [self](atom::tick) {
        self->state.tick();
        self->delayed_send(self, destination_tick_interval, atom::tick::value);
      },
  };
}

} // namespace stagepost::outbound
