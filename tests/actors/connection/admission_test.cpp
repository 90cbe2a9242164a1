#include "actors/connection/admission.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace stagepost::connection {
namespace {

using answer = admission::answer;

TEST(Admission, GivesNoMorePlacesThanThereAre) {
  const auto places = std::make_shared<admission>();
  std::shared_ptr<void> first, second, third;
  EXPECT_EQ(places->ask("192.0.2.1", 2, 0, first), answer::admitted);
  EXPECT_EQ(places->ask("192.0.2.2", 2, 0, second), answer::admitted);
  EXPECT_EQ(places->ask("192.0.2.3", 2, 0, third), answer::too_many);
  EXPECT_EQ(third, nullptr);
  first.reset();
  EXPECT_EQ(places->ask("192.0.2.3", 2, 0, third), answer::admitted);
}

TEST(Admission, GivesOneAddressNoMoreThanItsShare) {
  const auto places = std::make_shared<admission>();
  std::shared_ptr<void> first, second;
  EXPECT_EQ(places->ask("192.0.2.1", 10, 1, first), answer::admitted);
  EXPECT_EQ(places->ask("192.0.2.1", 10, 1, second), answer::too_many_from_there);
  EXPECT_EQ(places->ask("192.0.2.2", 10, 1, second), answer::admitted);
  EXPECT_EQ(places->open(), 2u);
}

TEST(Admission, ZeroIsNoLimit) {
  const auto places = std::make_shared<admission>();
  std::vector<std::shared_ptr<void>> tickets(1000);
  for (auto& each : tickets) ASSERT_EQ(places->ask("192.0.2.1", 0, 0, each), answer::admitted);
  EXPECT_EQ(places->open(), 1000u);
  tickets.clear();
  EXPECT_EQ(places->open(), 0u);
}

TEST(Admission, ATicketMayOutliveTheCounter) {
  auto places = std::make_shared<admission>();
  std::shared_ptr<void> ticket;
  places->ask("192.0.2.1", 1, 1, ticket);
  places.reset();
  ticket.reset();
}

} // namespace
} // namespace stagepost::connection
