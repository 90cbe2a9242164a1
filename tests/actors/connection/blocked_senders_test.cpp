#include "actors/connection/blocked_senders.hpp"

#include <gtest/gtest.h>

namespace stagepost::connection {
namespace {

std::shared_ptr<const conf::system_settings> with_blocked(std::vector<std::string> entries) {
  auto made = std::make_shared<conf::system_settings>();
  made->security.blocked_senders = std::move(entries);
  return made;
}

TEST(BlockedSenders, AreAddressesAndDomains) {
  blocked_senders blocked;
  const auto settings = with_blocked({"Mallory@Example.org", "bad.test", "@worse.test"});
  EXPECT_TRUE(blocked.have(settings, "mallory@example.org"));
  EXPECT_TRUE(blocked.have(settings, "anybody@bad.test"));
  EXPECT_TRUE(blocked.have(settings, "anybody@worse.test"));
  EXPECT_FALSE(blocked.have(settings, "alice@example.org"));
  EXPECT_FALSE(blocked.have(settings, "anybody@sub.bad.test"));
  EXPECT_FALSE(blocked.have(settings, "bad.test@example.org"));
  EXPECT_FALSE(blocked.have(settings, ""));
}

TEST(BlockedSenders, AreNamedWithStars) {
  blocked_senders blocked;
  const auto settings = with_blocked({"spam*@example.org", "*.bad.test", "*@worse.test", "x*@*.test"});
  EXPECT_TRUE(blocked.have(settings, "spam@example.org"));
  EXPECT_TRUE(blocked.have(settings, "spammer@example.org"));
  EXPECT_FALSE(blocked.have(settings, "nospam@example.org"));
  EXPECT_TRUE(blocked.have(settings, "anybody@sub.bad.test"));
  EXPECT_FALSE(blocked.have(settings, "anybody@bad.test"));
  EXPECT_TRUE(blocked.have(settings, "anybody@worse.test"));
  EXPECT_TRUE(blocked.have(settings, "xy@any.test"));
  EXPECT_FALSE(blocked.have(settings, "yx@any.test"));
}

TEST(BlockedSenders, AreThoseOfTheSettingsInForce) {
  blocked_senders blocked;
  EXPECT_TRUE(blocked.have(with_blocked({"bad.test"}), "anybody@bad.test"));
  EXPECT_FALSE(blocked.have(with_blocked({"other.test"}), "anybody@bad.test"));
  EXPECT_FALSE(blocked.have(with_blocked({}), "anybody@bad.test"));
}

TEST(SenderPattern, FitsWhatItsStarsLeaveOpen) {
  EXPECT_TRUE(fits_pattern("*", ""));
  EXPECT_TRUE(fits_pattern("a*b*c", "aXbXbc"));
  EXPECT_TRUE(fits_pattern("a**c", "ac"));
  EXPECT_FALSE(fits_pattern("a*b", "abX"));
  EXPECT_FALSE(fits_pattern("", "a"));
  std::string stars(50, '*');
  stars += 'b'; // GCC 12 warns of an array's bounds where "b" is added to a temporary
  EXPECT_FALSE(fits_pattern(stars, std::string(250, 'a')));
}

} // namespace
} // namespace stagepost::connection
