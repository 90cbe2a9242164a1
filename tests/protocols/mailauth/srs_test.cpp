#include "protocols/mailauth/srs.hpp"

#include "protocols/base/text.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth::srs {
namespace {

using std::chrono::days;

const instant today = from_unix_milliseconds(1'795'348'800'000);
const mailbox joe{"Joe", "example.org"};

settings ours() { return {.domain = "forward.test", .secrets = {"0123456789abcdef"}}; }

settings of(std::string domain, bytes secret) {
  return {.domain = std::move(domain), .secrets = {std::move(secret)}};
}

std::optional<errc> refused(std::string_view local, const settings& with = ours(), instant now = today) {
  const auto got = turn_back(local, with, now);
  return got ? std::nullopt : std::optional(got.error().code);
}

TEST(Srs, TurnsBackWhatItRewrote) {
  const auto there = rewrite(joe, ours(), today);
  ASSERT_TRUE(there);
  EXPECT_EQ(there->domain, "forward.test");
  EXPECT_TRUE(there->local.starts_with("SRS0=") && there->local.ends_with("=example.org=Joe"))
      << there->local;
  EXPECT_EQ(there->local.size(), std::string("SRS0=HHHHHH=TT=example.org=Joe").size());
  const auto back = turn_back(there->local, ours(), today);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, joe);
}

TEST(Srs, KeepsStrangeLocalParts) {
  for (const auto* local : {"a=b=c", "a b", "\"", "srs", "SRS0", "srs2=x", "=", "j\xc3\xb6"}) {
    const mailbox sender{local, "example.org"};
    const auto there = rewrite(sender, ours(), today);
    ASSERT_TRUE(there) << local;
    const auto back = turn_back(there->local, ours(), today);
    ASSERT_TRUE(back) << local;
    EXPECT_EQ(*back, sender);
  }
}

TEST(Srs, TakesAnAddressInAnotherCase) {
  const auto there = rewrite(joe, ours(), today);
  const auto lower = turn_back(ascii_lower(there->local), ours(), today);
  ASSERT_TRUE(lower);
  EXPECT_EQ(*lower, (mailbox{"joe", "example.org"}));
  EXPECT_TRUE(turn_back(ascii_upper(there->local), ours(), today));
}

TEST(Srs, LeavesTheNullSender) { EXPECT_EQ(*rewrite({}, ours(), today), mailbox{}); }

TEST(Srs, RefusesWhatItDidNotMake) {
  auto local = rewrite(joe, ours(), today)->local;
  EXPECT_EQ(refused("joe"), errc::not_rewritten);
  EXPECT_EQ(refused("SRS0="), errc::not_rewritten);
  EXPECT_EQ(refused("SRS0=AAAAAA=AA=example.org=joe"), errc::wrong_signature);
  auto other = local;
  other.replace(other.find("Joe"), 3, "Jim");
  EXPECT_EQ(refused(other), errc::wrong_signature);
  other = local;
  other.replace(other.find("example.org"), 11, "example.net");
  EXPECT_EQ(refused(other), errc::wrong_signature);
  EXPECT_EQ(refused(local, of("forward.test", "fedcba9876543210")), errc::wrong_signature);
  for (const auto* bad : {"SRS0=A", "SRS0=A=AA=example.org", "SRS0=A=1=example.org=joe", "SRS1=A", "SRS1=A=b",
                          "SRS1=A=example.org=x"})
    EXPECT_EQ(refused(bad), errc::malformed) << bad;
}

TEST(Srs, TakesBouncesForAsLongAsTheSettingsSay) {
  const auto local = rewrite(joe, ours(), today)->local;
  EXPECT_EQ(refused(local, ours(), today + days(21)), std::nullopt);
  EXPECT_EQ(refused(local, ours(), today + days(22)), errc::expired);
  EXPECT_EQ(refused(local, ours(), today - days(1)), std::nullopt);
  EXPECT_EQ(refused(local, ours(), today - days(2)), errc::expired);
  // Stamps come round after 1024 days; the 21 days hold there too.
  for (int day = 0; day < 1100; ++day) {
    const auto at = today + days(day);
    EXPECT_EQ(refused(rewrite(joe, ours(), at)->local, ours(), at + days(3)), std::nullopt);
  }
}

TEST(Srs, GoesOnTakingTheSecretBefore) {
  const auto local = rewrite(joe, ours(), today)->local;
  auto rotated = ours();
  rotated.secrets.insert(rotated.secrets.begin(), "a new secret of ours");
  EXPECT_EQ(refused(local, rotated), std::nullopt);
  EXPECT_NE(rewrite(joe, rotated, today)->local, local);
  EXPECT_EQ(refused(rewrite(joe, rotated, today)->local), errc::wrong_signature);
}

TEST(Srs, NamesTheFirstForwarderInAChain) {
  const auto first = of("first.test", "secret of the first");
  const auto second = of("second.test", "secret of the second");
  const auto third = of("third.test", "secret of the third");
  const auto one = rewrite(joe, first, today);
  const auto two = rewrite(*one, second, today);
  ASSERT_TRUE(two);
  EXPECT_TRUE(two->local.starts_with("SRS1=")) << two->local;
  EXPECT_NE(two->local.find("=first.test==" + one->local.substr(5)), std::string::npos) << two->local;
  const auto three = rewrite(*two, third, today);
  ASSERT_TRUE(three);
  EXPECT_EQ(three->local.size(), two->local.size());
  // A bounce goes from the third straight to the first, and from there to joe.
  const auto back = turn_back(three->local, third, today);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, *one);
  EXPECT_EQ(*turn_back(back->local, first, today), joe);
  EXPECT_EQ(refused(three->local, second), errc::wrong_signature);
}

TEST(Srs, TakesChainsOfOtherImplementations) {
  const auto there = rewrite({"SRS0+abcd=XY=example.org=joe", "other.test"}, ours(), today);
  ASSERT_TRUE(there);
  const auto back = turn_back(there->local, ours(), today);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, (mailbox{"SRS0+abcd=XY=example.org=joe", "other.test"}));
}

TEST(Srs, HoldsTheLengthOfALocalPart) {
  const mailbox longest{std::string(64 - 15 - 11 - 1, 'a'), "example.org"};
  EXPECT_EQ(rewrite(longest, ours(), today)->local.size(), 64u);
  EXPECT_EQ(rewrite({longest.local + 'a', "example.org"}, ours(), today).error().code, errc::too_long);
  auto lenient = ours();
  lenient.max_local_bytes = 200;
  EXPECT_TRUE(rewrite({longest.local + 'a', "example.org"}, lenient, today));
}

TEST(Srs, MakesHashesOfTheLengthAskedFor) {
  for (const size_t length : {1u, 4u, 8u, 32u, 99u}) {
    auto with = ours();
    with.hash_characters = length;
    with.max_local_bytes = 200;
    const auto local = rewrite(joe, with, today)->local;
    const auto hash = local.substr(5, local.find('=', 5) - 5);
    EXPECT_EQ(hash.size(), std::clamp(length, min_hash_characters, max_hash_characters));
    EXPECT_EQ(refused(local, with), std::nullopt);
  }
}

TEST(Srs, NamesItsErrors) {
  for (uint8_t code = 1; code <= uint8_t(errc::expired); ++code)
    EXPECT_NE(to_string(errc(code)), "unknown error");
}

} // namespace
} // namespace stagepost::mailauth::srs
