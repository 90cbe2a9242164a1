#pragma once

#include "actors/atoms.hpp"
#include "protocols/dns/answer.hpp"
#include "protocols/route/destination.hpp"
#include "protocols/route/plan.hpp"

#include <caf/all.hpp>

#include <cstdint>

namespace stagepost::resolver {

/// Asks the DNS. Any spelling of the name's case is fine, and a final dot; U-labels are not: names come from
/// `mailauth::to_query_name` or from an answer.
struct look_up {
  dns::question what;
};

/// Every look-up is answered so, failures too: an outcome `failed` is temporary and says why.
struct looked_up {
  dns::answer said;
  bool from_cache = false;
};

/// Asks where the mail of a domain goes. Its look-ups count like all others; what the policy of MTA-STS is,
/// if there is one, whoever asks says.
struct plan_route {
  route::destination to;
};
struct route_planned {
  route::plan plan;
};

struct resolver_status {
  uint64_t under_way = 0; ///< questions that were put to the servers and are not answered yet
  uint64_t waiting = 0;   ///< questions behind them
  uint64_t kept = 0;      ///< answers in the cache
  uint64_t kept_bytes = 0;
};

/// Looks things up for everybody, validates, and remembers. Equal questions under way are asked once. It
/// holds a bounded number of them; who comes with one more is answered `failed` at once.
using resolver_actor = caf::typed_actor<caf::replies_to<look_up>::with<looked_up>,
                                        caf::replies_to<plan_route>::with<route_planned>,
                                        caf::replies_to<atom::status>::with<resolver_status>>;

} // namespace stagepost::resolver

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::resolver::look_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::resolver::looked_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::resolver::plan_route)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::resolver::route_planned)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::resolver::resolver_status)
