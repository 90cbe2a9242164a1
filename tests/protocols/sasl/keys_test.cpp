#include "protocols/sasl/keys.hpp"

#include "protocols/base/text.hpp"

#include <gtest/gtest.h>

namespace stagepost::sasl {
namespace {

TEST(SaslKeys, MakesTheKeysOfAPassword) {
  const auto keys =
      make_scram_keys("pencil", *base64_decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096, scram_hash::sha_256);
  EXPECT_EQ(base64_encode(keys.stored_key), "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=");
  EXPECT_EQ(base64_encode(keys.server_key), "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
  EXPECT_EQ(keys.iterations, 4096u);
}

TEST(SaslKeys, MakesUpTheSameKeysForTheSameUser) {
  const auto once = fake_scram_keys("nobody", "secret", 4096);
  const auto twice = fake_scram_keys("nobody", "secret", 4096);
  EXPECT_EQ(once.salt, twice.salt);
  EXPECT_EQ(once.stored_key, twice.stored_key);
  EXPECT_EQ(once.salt.size(), scram_salt_size);
  EXPECT_EQ(once.iterations, 4096u);
}

TEST(SaslKeys, MakesUpOtherKeysForOtherUsersSecretsAndHashes) {
  const auto keys = fake_scram_keys("nobody", "secret", 4096);
  EXPECT_NE(keys.salt, fake_scram_keys("nobody2", "secret", 4096).salt);
  EXPECT_NE(keys.salt, fake_scram_keys("nobody", "secret2", 4096).salt);
  EXPECT_EQ(fake_scram_keys("nobody", "secret", 4096, scram_hash::sha_1).stored_key.size(), 20u);
}

TEST(SaslKeys, MakesUpCramMd5StatesOfTheRightSize) {
  EXPECT_EQ(fake_cram_md5_state("nobody", "secret").size(), cram_md5_state_size);
  EXPECT_NE(fake_cram_md5_state("nobody", "secret"), fake_cram_md5_state("nobody", "other"));
}

TEST(SaslHash, ComparesWholeTexts) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abcd"));
  EXPECT_TRUE(equal_in_constant_time("", ""));
}

} // namespace
} // namespace stagepost::sasl
