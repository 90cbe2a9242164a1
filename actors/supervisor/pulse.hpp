#pragma once

#include "actors/supervisor/tree.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace stagepost::supervisor {

/// Tells whether what everything else stands on still moves: the workers of the scheduler, its timers, and
/// the committers. An actor that fails is the guard's business; here are those that hang and say nothing.
class pulse {
public:
  pulse(caf::actor_system& system, const std::vector<committer::committer_actor>& committers);
  ~pulse();
  pulse(const pulse&) = delete;
  pulse& operator=(const pulse&) = delete;

  /// Asks all that are not being asked already.
  void feel();
  /// Who was asked longer ago than that and has not answered.
  std::vector<std::string> silent(std::chrono::steady_clock::duration limit) const;

private:
  using clock = std::chrono::steady_clock;
  struct beat {
    std::string name;
    std::atomic<clock::rep> asked_at = 0; ///< 0: it has answered
  };
  using beat_ptr = std::shared_ptr<beat>;

  static caf::behavior messenger(caf::event_based_actor* self, beat_ptr timers, std::vector<beat_ptr> beats,
                                 std::vector<committer::committer_actor> committers);

  caf::actor_system& system_;
  std::vector<beat_ptr> workers_;
  beat_ptr timers_;
  std::vector<beat_ptr> committers_;
  caf::actor messenger_; ///< asks those who answer by message
};

/// Of all stores, the system's first.
std::vector<committer::committer_actor> committers_of(const tree& what);

} // namespace stagepost::supervisor
