#include "actors/web/fetcher.hpp"

#include "actors/error.hpp"
#include "actors/net/scheduler.hpp"
#include "actors/web/fetch_line.hpp"
#include "protocols/http/url.hpp"

#include <utility>

namespace stagepost::web {

caf::result<fetched> fetcher_state::take(const fetch& what) {
  if (with->limits.deliver == conf::outbound_scope::none)
    return failed_fetch("this node asks nobody: outbound.deliver is none");
  if (!http::parse_url(what.url)) return failed_fetch("that is no URL");
  if (what.user.find(':') != what.user.npos) return failed_fetch("a user with a colon cannot be told");
  if (requests.size() >= most_requests + most_waiting) return failed_fetch("too much is being asked already");
  auto promise = self->make_response_promise<fetched>();
  const auto number = ++last_number;
  requests.emplace(number, request{what, open_answer<fetched>(promise),
                                   std::chrono::steady_clock::now() + what.time_limit});
  waiting.push_back(number);
  self->delayed_send(self, what.time_limit, time_is_up{number});
  begin_next();
  return promise;
}

void fetcher_state::begin_next() {
  while (lines.size() < most_requests && !waiting.empty()) {
    const auto number = waiting.front();
    waiting.pop_front();
    const auto at = requests.find(number);
    if (at == requests.end()) continue;
    line_order order{number, at->second.what, at->second.until};
    const auto made =
        self->system().spawn<fetch_line>(net::scheduler::of(self->system()).next_io(), with,
                                         caf::actor_cast<line_owner_actor>(self), std::move(order));
    lines.emplace(made.address(), number);
    self->monitor(made);
  }
}

void fetcher_state::ended(uint64_t number, fetched what) {
  const auto at = requests.find(number);
  if (at == requests.end()) return;
  const auto answer = at->second.answer;
  requests.erase(at);
  answer.deliver(std::move(what));
}

void fetcher_state::give_up(uint64_t number) {
  if (requests.count(number) == 0) return;
  ended(number, failed_fetch("no answer in time"));
  for (const auto& [who, what] : lines)
    if (what == number) caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
}

void fetcher_state::gone(const caf::actor_addr& who) {
  const auto at = lines.find(who);
  if (at == lines.end()) return;
  ended(at->second, failed_fetch("the server broke off"));
  lines.erase(at);
  begin_next();
}

working_fetcher_actor::behavior_type fetcher(working_fetcher_actor::stateful_pointer<fetcher_state> self,
                                             setup with) {
  outlive_stray_errors(self);
  auto& state = self->state;
  state.self = self;
  state.with = std::make_shared<const setup>(std::move(with));
  self->set_down_handler([self](const caf::down_msg& who) { self->state.gone(who.source); });
  self->set_exit_handler([self](caf::exit_msg& why) {
    for (const auto& [who, number] : self->state.lines)
      caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
    self->quit(why.reason);
  });
  return {
      [self](const fetch& what) { return self->state.take(what); },
      [self](const fetch_ended& what) { self->state.ended(what.number, what.what); },
      [self](const time_is_up& what) { self->state.give_up(what.number); },
  };
}

} // namespace stagepost::web
