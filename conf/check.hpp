#pragma once

#include "conf/settings.hpp"

#include <string>
#include <vector>

namespace stagepost::conf {

/// A rule that spans several settings and does not hold: the setting to blame and a sentence. The name of a
/// listener or certificate counts from 1: "listeners[2].port".
struct contradiction {
  std::string name;
  std::string sentence;
};

/// What does not fit together although each value is fine; empty when all is well.
std::vector<contradiction> contradictions_in(const node_settings& settings);
std::vector<contradiction> contradictions_in(const system_settings& settings);
std::vector<contradiction> contradictions_in(const domain_settings& settings);
std::vector<contradiction> contradictions_in(const user_settings& settings);
std::vector<contradiction> contradictions_in(const outgoing_gateway_settings& settings);
std::vector<contradiction> contradictions_in(const incoming_gateway_settings& settings);

} // namespace stagepost::conf
