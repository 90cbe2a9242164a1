#include "storage/passwords.hpp"

#include <gtest/gtest.h>

namespace stagepost::storage {
namespace {

constexpr password_cost cheap{1, 8192};

TEST(Passwords, AreKnownByTheirHash) {
  const auto hash = hash_password("correct horse", cheap);
  ASSERT_TRUE(hash) << hash.error().detail;
  EXPECT_EQ(hash->substr(0, 10), "$argon2id$");
  EXPECT_TRUE(verify_password(*hash, "correct horse"));
  EXPECT_FALSE(verify_password(*hash, "correct horsf"));
  EXPECT_FALSE(verify_password(*hash, ""));
}

TEST(Passwords, HaveAnotherHashEachTime) {
  EXPECT_NE(*hash_password("a", cheap), *hash_password("a", cheap));
}

TEST(Passwords, MayBeEmptyOrHoldAnyOctet) {
  const std::string odd("a\0b", 3);
  const auto hash = hash_password(odd, cheap);
  EXPECT_TRUE(verify_password(*hash, odd));
  EXPECT_FALSE(verify_password(*hash, "a"));
  EXPECT_TRUE(verify_password(*hash_password("", cheap), ""));
}

TEST(Passwords, AreHashedAnewWhenTheCostsChange) {
  const auto hash = hash_password("a", cheap);
  EXPECT_FALSE(needs_rehash(*hash, cheap));
  EXPECT_TRUE(needs_rehash(*hash, {2, 8192}));
  EXPECT_TRUE(needs_rehash("", cheap));
}

TEST(Passwords, DoNotMatchWhatIsNoHash) {
  EXPECT_FALSE(verify_password("", "a"));
  EXPECT_FALSE(verify_password("a", "a"));
  EXPECT_FALSE(verify_password(std::string(5000, '$'), "a"));
}

TEST(Passwords, RefuseCostsThatCannotBe) {
  EXPECT_FALSE(hash_password("a", {0, 8192}));
  EXPECT_FALSE(hash_password("a", {1, 0}));
}

} // namespace
} // namespace stagepost::storage
