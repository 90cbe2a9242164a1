#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stagepost::load {

/// 5000 made-up lower-case words, always the same: enough for an index to have something to do, few enough
/// that each stands in many messages.
const std::vector<std::string>& vocabulary();

/// A small reproducible generator (splitmix64): the same seed gives the same text on every machine.
class word_source {
public:
  explicit word_source(uint64_t seed) : state_(seed) {}
  const std::string& next();

private:
  uint64_t state_;
};

} // namespace stagepost::load
