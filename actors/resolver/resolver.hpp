#pragma once

#include "actors/metrics/metrics.hpp"
#include "actors/open_answer.hpp"
#include "actors/resolver/answer_cache.hpp"
#include "actors/resolver/interface.hpp"
#include "actors/resolver/unbound.hpp"
#include "actors/settings.hpp"
#include "protocols/route/planner.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <caf/all.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::resolver {

/// The library has answers: said by the descriptor, heard by nobody else.
struct answers_came {};

/// The resolver with what it tells itself.
using working_actor = resolver_actor::extend<caf::reacts_to<answers_came>, caf::reacts_to<atom::tick>>;

struct resolver_state {
  static constexpr const char* name = "resolver";
  using instant = std::chrono::steady_clock::time_point;

  using take_answer = std::function<void(const looked_up&)>;

  /// A question and all who ask it.
  struct lookup {
    dns::question what;
    instant deadline;
    bool started = false;
    std::vector<take_answer> askers;
  };

  working_actor::pointer self = nullptr;
  live_settings_ptr settings;
  metrics::counters_ptr counters;
  std::unique_ptr<unbound> library;
  std::optional<boost::asio::posix::stream_descriptor> readable;
  answer_cache cache;
  bool keeps_answers = true;          ///< resolver.cache as it was at start
  std::map<uint64_t, lookup> lookups; ///< by number: the oldest first
  std::map<dns::question, uint64_t> numbers;
  std::deque<uint64_t> waiting; ///< not started; numbers whose time is up may be among them
  uint64_t last_number = 0;
  uint64_t under_way = 0;
  uint64_t askers = 0;
  bool ticking = false;

  caf::result<looked_up> answer(const look_up& asked);
  caf::result<route_planned> answer(const plan_route& asked);
  void take_answers();
  void tick();
  resolver_status status() const;

private:
  /// A plan that is being made.
  struct planning {
    route::planner planner;
    open_answer<route_planned> answer;
    size_t open = 0; ///< questions of this round without an answer
  };

  /// `then` is called once: at once, when the answer is known or nothing can be asked, or later.
  void ask(dns::question what, take_answer then);
  void go_on(const std::shared_ptr<planning>& made);
  void watch();
  void start_next();
  void finish(uint64_t number, const dns::answer& said);
  void arm_tick();
};

/// Opens the library at once; what is wrong with its settings is logged, and every look-up then fails.
working_actor::behavior_type resolver(working_actor::stateful_pointer<resolver_state> self,
                                      live_settings_ptr settings, metrics::counters_ptr counters);

} // namespace stagepost::resolver

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::resolver::answers_came)
