#pragma once

#include "actors/net/client_tls.hpp"
#include "actors/open_answer.hpp"
#include "actors/resolver/interface.hpp"
#include "actors/web/interface.hpp"
#include "conf/node_settings.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <memory>

namespace stagepost::web {

/// What all requests share.
struct setup {
  resolver::resolver_actor resolver;
  net::client_tls_ptr tls;
  conf::outbound_limits limits; ///< how far this node may go
};
using setup_ptr = std::shared_ptr<const setup>;

/// Requests under way at one time, and those that wait for one of them to end.
inline constexpr size_t most_requests = 50;
inline constexpr size_t most_waiting = 500;

/// A request came to its end.
struct fetch_ended {
  uint64_t number = 0;
  fetched what;
};
/// Whoever asked has waited long enough.
struct time_is_up {
  uint64_t number = 0;
};
using working_fetcher_actor = fetcher_actor::extend<caf::reacts_to<fetch_ended>, caf::reacts_to<time_is_up>>;

/// Has each request done by an actor of its own (fetch_line.hpp), a bounded number at a time.
struct fetcher_state {
  static constexpr const char* name = "web.fetcher";
  working_fetcher_actor::pointer self = nullptr;
  setup_ptr with;

  struct request {
    fetch what;
    open_answer<fetched> answer;
    std::chrono::steady_clock::time_point until;
  };
  std::map<uint64_t, request> requests;      ///< not answered, by number
  std::deque<uint64_t> waiting;              ///< not begun; some may have been answered meanwhile
  std::map<caf::actor_addr, uint64_t> lines; ///< who does which
  uint64_t last_number = 0;

  caf::result<fetched> take(const fetch& what);
  void begin_next();
  void ended(uint64_t number, fetched what);
  void give_up(uint64_t number);
  void gone(const caf::actor_addr& who);
};

working_fetcher_actor::behavior_type fetcher(working_fetcher_actor::stateful_pointer<fetcher_state> self,
                                             setup with);

} // namespace stagepost::web

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::web::setup)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::web::fetch_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::web::time_is_up)
