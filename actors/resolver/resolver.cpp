#include "actors/resolver/resolver.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/net/scheduler.hpp"
#include "protocols/base/text.hpp"
#include "protocols/mailauth/domain_name.hpp"

#include <unistd.h>

namespace stagepost::resolver {

namespace {

/// How often it looks whose time is up.
constexpr auto tick_interval = std::chrono::milliseconds(250);

dns::answer no_answer(std::string why) {
  dns::answer said;
  said.problem = std::move(why);
  return said;
}

cache_limits limits_of(const conf::resolver_settings& settings) {
  return {settings.cache_size.bytes, settings.cache_max_ttl, settings.cache_max_negative_ttl};
}

} // namespace

caf::result<looked_up> resolver_state::answer(const look_up& asked) {
  auto promise = self->make_response_promise<looked_up>();
  ask(asked.what,
      [answer = open_answer<looked_up>(promise)](const looked_up& said) { answer.deliver(said); });
  return promise;
}

caf::result<route_planned> resolver_state::answer(const plan_route& asked) {
  auto promise = self->make_response_promise<route_planned>();
  go_on(
      std::make_shared<planning>(planning{route::planner(asked.to), open_answer<route_planned>(promise), 0}));
  return promise;
}

/// A round of questions; the last answer to them begins the next.
void resolver_state::go_on(const std::shared_ptr<planning>& made) {
  const auto questions = made->planner.questions();
  if (questions.empty()) return made->answer.deliver(route_planned{made->planner.result()});
  made->open = questions.size() + 1; // one for this loop: answers that are known come within it
  const auto count_down = [this, made] {
    if (--made->open == 0) go_on(made);
  };
  for (const auto& each : questions)
    ask(each, [made, each, count_down](const looked_up& said) {
      made->planner.give(each, said.said);
      count_down();
    });
  count_down();
}

void resolver_state::ask(dns::question what, take_answer then) {
  what.name = ascii_lower(what.name);
  if (what.name.ends_with('.')) what.name.pop_back();
  // No server has such a name, and none is bothered with it.
  if (!mailauth::is_query_name(what.name) || what.name.find('\0') != std::string::npos) {
    dns::answer none;
    none.outcome = dns::outcome::no_such_name;
    none.canonical_name = what.name;
    return then(looked_up{std::move(none), false});
  }
  const auto now = std::chrono::steady_clock::now();
  if (auto kept = cache.find(what, now)) {
    counters->add(metrics::counter::dns_cached_answers);
    return then(looked_up{std::move(*kept), true});
  }
  const auto all = settings->get();
  const auto& limits = all->resolver;
  if (askers >= uint64_t(limits.max_lookups) + limits.max_waiting) {
    counters->add(metrics::counter::dns_failures);
    return then(looked_up{no_answer("too many look-ups are under way"), false});
  }
  ++askers;
  if (const auto same = numbers.find(what); same != numbers.end()) {
    lookups.at(same->second).askers.push_back(std::move(then));
    return;
  }
  const auto number = ++last_number;
  auto& made = lookups[number];
  made.what = what;
  made.deadline = now + limits.lookup_timeout;
  made.askers.push_back(std::move(then));
  numbers.emplace(std::move(what), number);
  waiting.push_back(number);
  start_next();
  arm_tick();
}

/// Starts what waits while there is room.
void resolver_state::start_next() {
  const auto room = settings->get()->resolver.max_lookups;
  while (!waiting.empty() && under_way < room) {
    const auto number = waiting.front();
    waiting.pop_front();
    const auto found = lookups.find(number);
    if (found == lookups.end()) continue;
    found->second.started = true;
    ++under_way;
    counters->add(metrics::counter::dns_lookups);
    std::string why;
    if (!library->start(found->second.what, number, why)) finish(number, no_answer(std::move(why)));
  }
}

void resolver_state::take_answers() {
  const auto now = std::chrono::steady_clock::now();
  const auto limits = limits_of(settings->get()->resolver);
  for (auto& each : library->take()) {
    if (const auto found = lookups.find(each.number); found != lookups.end() && keeps_answers)
      cache.put(found->second.what, each.said, now, limits);
    finish(each.number, each.said);
  }
  start_next();
  watch();
}

void resolver_state::finish(uint64_t number, const dns::answer& said) {
  const auto found = lookups.find(number);
  if (found == lookups.end()) return;
  if (said.outcome == dns::outcome::failed) counters->add(metrics::counter::dns_failures);
  const auto done = std::move(found->second);
  numbers.erase(done.what);
  lookups.erase(found);
  if (done.started) --under_way;
  askers -= done.askers.size();
  for (const auto& each : done.askers) each(looked_up{said, false});
}

void resolver_state::tick() {
  ticking = false;
  const auto now = std::chrono::steady_clock::now();
  while (!lookups.empty() && lookups.begin()->second.deadline <= now) {
    const auto number = lookups.begin()->first;
    library->cancel(number);
    finish(number, no_answer("no answer came in time"));
  }
  start_next();
  arm_tick();
}

void resolver_state::arm_tick() {
  if (ticking || lookups.empty()) return;
  ticking = true;
  self->delayed_send(self, tick_interval, atom::tick::value);
}

/// Once: the next time when what came has been taken.
void resolver_state::watch() {
  if (!readable) return;
  readable->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [to = caf::weak_actor_ptr{self->ctrl()}](boost::system::error_code stopped) {
                         if (stopped) return;
                         if (const auto alive = to.lock())
                           net::scheduler::deliver(alive, caf::make_message(answers_came{}));
                       });
}

resolver_status resolver_state::status() const {
  return {under_way, lookups.size() - under_way, cache.size(), cache.bytes()};
}

working_actor::behavior_type resolver(working_actor::stateful_pointer<resolver_state> self,
                                      live_settings_ptr settings, metrics::counters_ptr counters) {
  outlive_stray_errors(self);
  auto& state = self->state;
  state.self = self;
  state.settings = std::move(settings);
  state.counters = std::move(counters);
  const auto all = state.settings->get();
  state.keeps_answers = all->resolver.cache;
  state.library = std::make_unique<unbound>(all->resolver);
  for (const auto& each : state.library->warnings()) log::warn("resolver: {}", each);
  if (!state.library->problem().empty())
    log::error("the resolver cannot be used, so mail for other servers waits: {}", state.library->problem());
  // Asio closes what it waits for, and the library's own descriptor is the library's.
  if (const int copy = state.library->problem().empty() ? ::dup(state.library->descriptor()) : -1;
      copy >= 0) {
    state.readable.emplace(net::scheduler::of(self->system()).next_io(), copy);
    self->send(self, answers_came{});
  }
  return {
      [self](const look_up& asked) { return self->state.answer(asked); },
      [self](const plan_route& asked) { return self->state.answer(asked); },
      [self](atom::status) { return self->state.status(); },
      [self](answers_came) { self->state.take_answers(); },
      [self](atom::tick) { self->state.tick(); },
  };
}

} // namespace stagepost::resolver
