#include "actors/wall_clock.hpp"

#include <atomic>

namespace stagepost {

namespace {

std::atomic<std::chrono::milliseconds> shift_of_tests{std::chrono::milliseconds{0}};

} // namespace

instant wall_clock() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) +
         shift_of_tests.load();
}

void wall_clock_shift::set(std::chrono::milliseconds shift) { shift_of_tests = shift; }

std::chrono::milliseconds jump_watch::look(instant wall, steady at) {
  const auto jump = (wall - wall_) - std::chrono::duration_cast<std::chrono::milliseconds>(at - steady_);
  wall_ = wall;
  steady_ = at;
  return jump > least_jump || jump < -least_jump ? jump : std::chrono::milliseconds{0};
}

} // namespace stagepost
