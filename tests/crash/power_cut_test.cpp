#include "tests/crash/mail_load.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include <cstdlib>
#include <iostream>

namespace stagepost::testing {
namespace {

uint64_t number_from(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value ? std::strtoull(value, nullptr, 10) : otherwise;
}

uint64_t cuts_wanted() {
  const char* full = std::getenv("STAGEPOST_FULL");
  return number_from("STAGEPOST_CUTS", full && std::string_view(full) == "1" ? 50 : 10);
}

/// A machine with mail coming in, cut again and again.
class cutting {
public:
  explicit cutting(uint64_t seed) : random_(seed), load_(random_()) {}

  void prepare() {
    ASSERT_TRUE(machine_.start());
    load_.make_users(machine_);
    load_.work(machine_, 5);
    ASSERT_TRUE(load_.check(machine_));
  }

  /// Works until the power fails; comes up again, through more failures if they come; compares.
  void cut_once() {
    machine_.disk().cut_after(up_to(up_to(1) == 0 ? 100 : 1500));
    while (!machine_.disk().is_cut()) load_.work(machine_, 50);
    do {
      machine_.stop();
      ++cuts_;
      machine_.disk().power_on(random_());
      // Also while the logs are read, and while what waited in the spool is delivered.
      if (up_to(2) == 0) machine_.disk().cut_after(up_to(200));
    } while (!machine_.start() || !load_.check(machine_));
  }

  uint64_t cuts() const { return cuts_; }
  const mail_load& load() const { return load_; }

private:
  size_t up_to(size_t most) { return std::uniform_int_distribution<size_t>(0, most)(random_); }

  std::mt19937_64 random_;
  machine machine_;
  mail_load load_;
  uint64_t cuts_ = 0;
};

// STAGEPOST_CUTS: how many; STAGEPOST_SEED: to see one again (threads make it likely, not certain).
TEST(PowerCut, LosesNothingThatTheServerAcknowledged) {
  ASSERT_GE(sodium_init(), 0);
  const auto wanted = cuts_wanted();
  auto seed = number_from("STAGEPOST_SEED", std::random_device()());
  constexpr uint64_t cuts_per_machine = 10;
  for (uint64_t cuts = 0; cuts < wanted && !HasFailure();) {
    std::cout << "seed " << seed << ": " << std::flush;
    cutting one(seed++);
    one.prepare();
    while (one.cuts() < std::min(cuts_per_machine, wanted - cuts) && !HasFailure()) one.cut_once();
    cuts += one.cuts();
    std::cout << one.cuts() << " cuts, " << one.load().acknowledged() << " messages and "
              << one.load().changes() << " changes acknowledged" << std::endl;
  }
}

} // namespace
} // namespace stagepost::testing
