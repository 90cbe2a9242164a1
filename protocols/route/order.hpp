#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace stagepost::route {

/// Brings equals into an order that the seed decides and nothing else, so that it is the same in each round
/// of planning.
template <class T>
void shuffle(std::vector<T>& what, uint64_t seed) {
  std::mt19937_64 random(seed);
  for (size_t left = what.size(); left > 1; --left) std::swap(what[left - 1], what[random() % left]);
}

/// One of each in turn, beginning with `first`, so that a family that does not work costs one attempt at a
/// time (the order of RFC 8305 4).
template <class T>
std::vector<T> interleave(const std::vector<T>& first, const std::vector<T>& second) {
  std::vector<T> out;
  for (size_t i = 0; i < first.size() || i < second.size(); ++i) {
    if (i < first.size()) out.push_back(first[i]);
    if (i < second.size()) out.push_back(second[i]);
  }
  return out;
}

} // namespace stagepost::route
