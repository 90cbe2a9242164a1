#pragma once

#include <compare>
#include <cstdint>

namespace stagepost::conf {

/// A size in bytes. Settings in KB and MB count in steps of 1024.
struct byte_count {
  uint64_t bytes = 0;

  constexpr uint64_t in_kb() const { return bytes >> 10; }
  constexpr uint64_t in_mb() const { return bytes >> 20; }
  friend constexpr auto operator<=>(const byte_count&, const byte_count&) = default;
};

constexpr byte_count kb(uint64_t n) { return {n << 10}; }
constexpr byte_count mb(uint64_t n) { return {n << 20}; }

} // namespace stagepost::conf
