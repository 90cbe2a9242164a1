#include "tests/protocols/imap/model_world.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace stagepost::imap {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr size_t commands_to_play = 15'000;
#else
constexpr size_t commands_to_play = 120'000;
#endif

/// One life of an account. Says what was done where it fails.
size_t play(unsigned seed) {
  std::unique_ptr<model_world> world;
  try {
    world = std::make_unique<model_world>(seed);
    for (int round = 0; round < 4; ++round) {
      world->live(100);
      world->settle();
    }
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what() << "\nagain with STAGEPOST_SEED=" << seed << "\n"
                  << (world ? world->trace() : "");
  }
  return world ? world->operations() : 0;
}

// Several sessions on one account, against a model of a mailbox. Another seed, or the one that failed, by the
// environment variable STAGEPOST_SEED.
TEST(ImapMailboxModel, ManySessionsDoWhatTheirCommandsSayAndNoClientIsEverWrong) {
  if (const char* seed = std::getenv("STAGEPOST_SEED")) {
    play(unsigned(std::stoul(seed)));
    return;
  }
  size_t played = 0;
  for (unsigned seed = 1; played < commands_to_play && !HasFailure(); ++seed) played += play(seed);
}

} // namespace
} // namespace stagepost::imap
