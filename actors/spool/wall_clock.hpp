#pragma once

#include "protocols/base/units.hpp"

#include <chrono>

namespace stagepost::spool {

inline instant wall_clock() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

} // namespace stagepost::spool
