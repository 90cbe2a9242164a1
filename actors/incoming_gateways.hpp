#pragma once

#include "actors/gateways.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace stagepost {

using incoming_gateway_ptr = std::shared_ptr<const incoming_gateway>;

/// The incoming gateways that are switched on and name an address: without one there is nowhere to hand mail
/// on to.
class incoming_gateways {
public:
  incoming_gateways() = default;
  explicit incoming_gateways(const std::vector<incoming_gateway>& all);

  /// The gateway that lists the domain (GWIN-10), in any spelling; of two the first. Null: none.
  incoming_gateway_ptr listing(const std::string& domain) const;
  /// Those that others are asked about, the primary or the DNS, which domains they have (GWIN-09).
  const std::vector<incoming_gateway_ptr>& asking() const { return asking_; }
  /// Whether a domain may be one of theirs: that is known, or somebody has to be asked.
  bool may_have(const std::string& domain) const { return !asking_.empty() || listing(domain) != nullptr; }
  const std::vector<incoming_gateway_ptr>& all() const { return all_; }
  incoming_gateway_ptr named(const std::string& name) const;
  /// Of the waiting times of all (MX-03); zero without any.
  std::chrono::minutes longest_wait() const;

private:
  std::vector<incoming_gateway_ptr> all_;
  std::vector<incoming_gateway_ptr> asking_;
  std::unordered_map<std::string, incoming_gateway_ptr> by_domain_; ///< canonical
};

/// The incoming gateways in force. Each actor has a view of its own.
class incoming_view {
public:
  incoming_view() = default;
  explicit incoming_view(live_gateways_ptr from) : from_(std::move(from)) {}

  /// The same until the gateways change.
  const std::shared_ptr<const incoming_gateways>& get();

private:
  live_gateways_ptr from_; ///< null: there are none
  std::shared_ptr<const gateway_set> seen_;
  std::shared_ptr<const incoming_gateways> made_ = std::make_shared<const incoming_gateways>();
};

/// The addresses of the networks in their order, the first ones only: a range names its first hosts
/// (GWIN-03). What ends in .0 is the network itself, unless it stands there alone.
std::vector<std::string> first_addresses(const std::vector<conf::network>& networks, size_t most);

} // namespace stagepost
