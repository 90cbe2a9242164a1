#pragma once

#include "actors/gateways.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stagepost::outbound {

/// A gateway for the next connection, and why this one, for the trace.
struct chosen_gateway {
  uint64_t number = 0;
  std::string why;
};

/// Says which gateway the next connection goes to: in turn, weighted by how much waits at each where that is
/// known (GWOUT-13), not to one that let nobody in lately while others may, and to none that has as many as
/// it takes. Has no clock.
class gateway_turns {
public:
  using instant = std::chrono::steady_clock::time_point;

  /// These are there from now on. What failed may have been mended with that.
  void use(std::shared_ptr<const gateway_set> gateways);

  /// Counts the connection until `closed`. Nothing: those that could do are full, or there are none.
  std::optional<chosen_gateway> choose(const std::vector<uint64_t>& among, instant now);
  /// Whether `choose` would find one.
  bool has_room(const std::vector<uint64_t>& among, instant now) const;
  void closed(uint64_t gateway);
  void let_in(uint64_t gateway);
  /// It was not reached, or let us not in: it is left alone for a while that grows.
  void failed(uint64_t gateway, instant now);
  /// So many messages wait there.
  void told(uint64_t gateway, uint64_t waiting_messages, instant now);

private:
  struct state {
    size_t open = 0;
    uint32_t failures = 0;
    std::optional<instant> rests_until;
    std::optional<uint64_t> waiting;
    instant told_at;
    int64_t credit = 0; ///< whoever has most is next
  };
  const outgoing_gateway* find(uint64_t number) const;
  bool is_down(uint64_t number, instant now) const;
  bool is_full(const outgoing_gateway& gateway) const;
  std::optional<uint64_t> waiting_at(uint64_t number, instant now) const;
  /// Those that are there; without those that are down, unless all are.
  std::vector<const outgoing_gateway*> usable(const std::vector<uint64_t>& among, instant now) const;
  std::map<uint64_t, int64_t> weights(const std::vector<const outgoing_gateway*>& among, instant now) const;

  std::shared_ptr<const gateway_set> gateways_ = std::make_shared<const gateway_set>();
  std::map<uint64_t, state> states_;
};

} // namespace stagepost::outbound
