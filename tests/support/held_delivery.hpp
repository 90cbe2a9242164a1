#pragma once

#include "actors/delivery/interface.hpp"
#include "actors/offload/interface.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <list>
#include <string>
#include <utility>
#include <vector>

namespace stagepost::testing {

/// Answered when a delivery to this address waits for its answer; says how many there were to it so far.
struct await_delivery {
  std::string address;
};
struct deliveries {
  size_t count = 0;
};
/// Ends the delivery to this address, which must be waiting. Nothing is written.
struct end_delivery {
  std::string address;
  delivery::delivery_result how;
};
/// Whether stores write from now on.
struct set_writing {
  bool on = true;
};
/// How many deliveries there were to this address.
struct count_deliveries {
  std::string address;
};

/// Answered when this many reads wait.
struct await_reads {
  size_t count = 1;
};
/// Ends the read that came as this one of those that wait, counted from 0.
struct end_read {
  size_t which = 0;
};
/// From now on reads wait for end_read; or no longer.
struct hold_reads {
  bool on = true;
};
struct reads_held {};

} // namespace stagepost::testing

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::await_delivery)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::deliveries)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::end_delivery)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::set_writing)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::count_deliveries)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::await_reads)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::end_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::hold_reads)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::testing::reads_held)

namespace stagepost::testing {

/// A delivery that ends when the test says so, and as it says.
using held_delivery_actor = delivery::local_actor::extend<
    caf::replies_to<await_delivery>::with<deliveries>, caf::replies_to<end_delivery>::with<deliveries>,
    caf::replies_to<set_writing>::with<deliveries>, caf::replies_to<count_deliveries>::with<deliveries>>;

struct held_delivery_state {
  struct order {
    std::string address;
    caf::typed_response_promise<delivery::delivery_result> answer;
  };
  std::list<order> orders;
  std::vector<std::string> seen;
  std::list<std::pair<std::string, caf::typed_response_promise<deliveries>>> awaiting;
  bool writing = true;

  std::list<order>::iterator find(const std::string& address) {
    return std::find_if(orders.begin(), orders.end(),
                        [&](const order& each) { return each.address == address; });
  }
  deliveries count(const std::string& address) const {
    return {size_t(std::count(seen.begin(), seen.end(), address))};
  }
};

inline held_delivery_actor::behavior_type
held_delivery(held_delivery_actor::stateful_pointer<held_delivery_state> self) {
  return {
      [self](const delivery::deliver_locally& what) -> caf::result<delivery::delivery_result> {
        auto& s = self->state;
        auto answer = self->make_response_promise<delivery::delivery_result>();
        s.orders.push_back({what.recipient.address, answer});
        s.seen.push_back(what.recipient.address);
        for (auto i = s.awaiting.begin(); i != s.awaiting.end();)
          if (i->first == what.recipient.address) {
            i->second.deliver(s.count(i->first));
            i = s.awaiting.erase(i);
          } else {
            ++i;
          }
        return answer;
      },
      [self](const delivery::is_writing&) { return self->state.writing; },
      [self](const await_delivery& what) -> caf::result<deliveries> {
        auto& s = self->state;
        if (s.find(what.address) != s.orders.end()) return s.count(what.address);
        auto answer = self->make_response_promise<deliveries>();
        s.awaiting.emplace_back(what.address, answer);
        return answer;
      },
      [self](const end_delivery& what) {
        auto& s = self->state;
        if (const auto at = s.find(what.address); at != s.orders.end()) {
          at->answer.deliver(what.how);
          s.orders.erase(at);
        }
        return s.count(what.address);
      },
      [self](const set_writing& what) {
        self->state.writing = what.on;
        return deliveries{};
      },
      [self](const count_deliveries& what) { return self->state.count(what.address); },
  };
}

/// Readers whose answers come late: they read at once, and what they found grows old until the test lets it
/// go.
using held_readers_actor = offload::pool_actor::extend<caf::replies_to<await_reads>::with<reads_held>,
                                                       caf::replies_to<end_read>::with<reads_held>,
                                                       caf::replies_to<hold_reads>::with<reads_held>>;

struct held_readers_state {
  bool holding = false;
  std::vector<caf::typed_response_promise<offload::work_done>> reads;
  std::list<std::pair<size_t, caf::typed_response_promise<reads_held>>> awaiting;
};

inline held_readers_actor::behavior_type
held_readers(held_readers_actor::stateful_pointer<held_readers_state> self) {
  return {
      [self](const offload::run_work& what) -> caf::result<offload::work_done> {
        auto& s = self->state;
        what.work->run();
        if (!s.holding) return offload::work_done{};
        auto answer = self->make_response_promise<offload::work_done>();
        s.reads.push_back(answer);
        for (auto i = s.awaiting.begin(); i != s.awaiting.end();)
          if (s.reads.size() >= i->first) {
            i->second.deliver(reads_held{});
            i = s.awaiting.erase(i);
          } else {
            ++i;
          }
        return answer;
      },
      [self](const await_reads& what) -> caf::result<reads_held> {
        if (self->state.reads.size() >= what.count) return reads_held{};
        auto answer = self->make_response_promise<reads_held>();
        self->state.awaiting.emplace_back(what.count, answer);
        return answer;
      },
      [self](const end_read& what) {
        auto& reads = self->state.reads;
        if (what.which < reads.size()) {
          reads[what.which].deliver(offload::work_done{});
          reads.erase(reads.begin() + ptrdiff_t(what.which));
        }
        return reads_held{};
      },
      [self](const hold_reads& what) {
        self->state.holding = what.on;
        return reads_held{};
      },
  };
}

} // namespace stagepost::testing
