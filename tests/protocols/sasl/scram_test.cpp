#include "protocols/sasl/scram.hpp"

#include "protocols/base/text.hpp"
#include "protocols/sasl/keys.hpp"

#include <gtest/gtest.h>

namespace stagepost::sasl {
namespace {

/// A client good enough to answer: computes the final message from RFC 5802 3.
std::string final_message(const std::string& bare, const std::string& server_first,
                          const std::string& gs2_header, bytes_view password, scram_hash hash,
                          bytes_view channel = {}) {
  std::string_view rest = server_first;
  const auto nonce = std::string(take_until(rest, ',').substr(2));
  const auto salt = *base64_decode(take_until(rest, ',').substr(2));
  const auto iterations = *parse_number<uint32_t>(rest.substr(2));
  const auto without_proof = "c=" + base64_encode(gs2_header + bytes(channel)) + ",r=" + nonce;
  const auto client_key = hmac(hash, stretch(hash, password, salt, iterations), "Client Key");
  auto proof = hmac(hash, digest(hash, client_key), bare + "," + server_first + "," + without_proof);
  for (size_t i = 0; i < proof.size(); ++i) proof[i] = char(proof[i] ^ client_key[i]);
  return without_proof + ",p=" + base64_encode(proof);
}

credentials keys_for(bytes_view password, scram_hash hash) {
  credentials found;
  found.scram = make_scram_keys(password, "salt and pepper.", 64, hash);
  return found;
}

struct outcome {
  bool asked = false;
  bool proof_right = false;
  std::string authorize_as;
};

/// Plays one whole exchange with "pencil" as the stored password.
outcome play(mechanism which, const std::string& gs2_header, bytes_view password,
             const channel_binding& channel = {}, bytes_view bound = {}, bool offered_plus = false) {
  const std::string bare = "n=user,r=abcdefgh";
  const auto machine = make_scram(which, "SERVER", channel, offered_plus);
  if (!std::holds_alternative<find_credentials>(machine->start(gs2_header + bare))) return {};
  const auto hash = hash_of(which);
  const auto sent = machine->on_credentials(keys_for("pencil", hash));
  const auto asked =
      machine->feed(final_message(bare, std::get<challenge>(sent).text, gs2_header, password, hash, bound));
  if (!std::holds_alternative<finish_login>(asked)) return {};
  const auto& question = std::get<finish_login>(asked);
  return {true, question.proof_right, question.authorize_as};
}

TEST(SaslScram, FollowsTheExampleOfRfc5802) {
  const auto machine = make_scram(mechanism::scram_sha_1, "3rfcNHYJY1ZVvWVs7j", {}, false);
  const auto asked = machine->start("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
  ASSERT_TRUE(std::holds_alternative<find_credentials>(asked));
  EXPECT_EQ(std::get<find_credentials>(asked).user, "user");
  credentials found;
  found.scram = make_scram_keys("pencil", *base64_decode("QSXCR+Q6sek8bf92"), 4096, scram_hash::sha_1);
  const auto sent = machine->on_credentials(found);
  ASSERT_TRUE(std::holds_alternative<challenge>(sent));
  EXPECT_EQ(std::get<challenge>(sent).text,
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096");
  const auto question =
      machine->feed("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
  ASSERT_TRUE(std::holds_alternative<finish_login>(question));
  EXPECT_TRUE(std::get<finish_login>(question).proof_right);
  const auto over = machine->on_login(login_outcome::accepted);
  ASSERT_TRUE(std::holds_alternative<finished>(over));
  EXPECT_EQ(std::get<finished>(over).last_words, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
}

TEST(SaslScram, FollowsTheExampleOfRfc7677) {
  const auto machine = make_scram(mechanism::scram_sha_256, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", {}, false);
  machine->start("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  credentials found;
  found.scram =
      make_scram_keys("pencil", *base64_decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096, scram_hash::sha_256);
  machine->on_credentials(found);
  const auto question = machine->feed("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                      "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  ASSERT_TRUE(std::holds_alternative<finish_login>(question));
  EXPECT_TRUE(std::get<finish_login>(question).proof_right);
  EXPECT_EQ(std::get<finished>(machine->on_login(login_outcome::accepted)).last_words,
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST(SaslScram, AsksForTheFirstMessageWhenThereWasNoInitialResponse) {
  const auto machine = make_scram(mechanism::scram_sha_256, "SERVER", {}, false);
  EXPECT_TRUE(std::holds_alternative<challenge>(machine->start(std::nullopt)));
  EXPECT_TRUE(std::holds_alternative<find_credentials>(machine->feed("n,,n=user,r=abc")));
}

TEST(SaslScram, TellsAWrongPassword) {
  const auto told = play(mechanism::scram_sha_256, "n,,", "pencil ");
  EXPECT_TRUE(told.asked);
  EXPECT_FALSE(told.proof_right);
}

TEST(SaslScram, KeepsItsSignatureFromWhoIsNotLetIn) {
  const std::string bare = "n=user,r=abcdefgh";
  const auto machine = make_scram(mechanism::scram_sha_256, "SERVER", {}, false);
  machine->start("n,," + bare);
  const auto sent = machine->on_credentials(keys_for("pencil", scram_hash::sha_256));
  machine->feed(final_message(bare, std::get<challenge>(sent).text, "n,,", "pencil", scram_hash::sha_256));
  EXPECT_EQ(std::get<finished>(machine->on_login(login_outcome::not_permitted)).last_words, "");
}

TEST(SaslScram, TakesAnAuthorizationIdentity) {
  const auto told = play(mechanism::scram_sha_256, "n,a=other=2Cone=3D,", "pencil");
  EXPECT_TRUE(told.proof_right);
  EXPECT_EQ(told.authorize_as, "other,one=");
}

TEST(SaslScram, BindsToTheChannel) {
  const channel_binding channel{"exported octets", "hash of the certificate"};
  EXPECT_TRUE(play(mechanism::scram_sha_256_plus, "p=tls-exporter,,", "pencil", channel, "exported octets")
                  .proof_right);
  EXPECT_TRUE(play(mechanism::scram_sha_1_plus, "p=tls-server-end-point,,", "pencil", channel,
                   "hash of the certificate")
                  .proof_right);
}

TEST(SaslScram, NoticesAnotherChannel) {
  const channel_binding channel{"exported octets", ""};
  const auto told =
      play(mechanism::scram_sha_256_plus, "p=tls-exporter,,", "pencil", channel, "other octets");
  EXPECT_TRUE(told.asked);
  EXPECT_FALSE(told.proof_right);
}

TEST(SaslScram, FailsForABindingTheLineDoesNotHave) {
  const auto machine = make_scram(mechanism::scram_sha_256_plus, "SERVER", {"exported", ""}, true);
  const auto over = machine->start("p=tls-server-end-point,,n=user,r=abc");
  ASSERT_TRUE(std::holds_alternative<finished>(over));
  EXPECT_EQ(std::get<finished>(over).outcome, login_outcome::wrong_credentials);
  const auto unknown = make_scram(mechanism::scram_sha_256_plus, "SERVER", {"exported", ""}, true);
  EXPECT_TRUE(std::holds_alternative<finished>(unknown->start("p=tls-unique,,n=user,r=abc")));
}

TEST(SaslScram, NoticesAStrippedAnnouncement) {
  const auto machine = make_scram(mechanism::scram_sha_256, "SERVER", {"exported", ""}, true);
  const auto over = machine->start("y,,n=user,r=abc");
  ASSERT_TRUE(std::holds_alternative<finished>(over));
  EXPECT_EQ(std::get<finished>(over).outcome, login_outcome::wrong_credentials);
  EXPECT_TRUE(play(mechanism::scram_sha_256, "y,,", "pencil", {}, {}, false).proof_right);
}

TEST(SaslScram, HoldsTheMechanismAndTheFlagTogether) {
  EXPECT_TRUE(std::holds_alternative<malformed>(
      make_scram(mechanism::scram_sha_256_plus, "S", {"x", ""}, true)->start("n,,n=user,r=abc")));
  EXPECT_TRUE(std::holds_alternative<malformed>(
      make_scram(mechanism::scram_sha_256, "S", {"x", ""}, true)->start("p=tls-exporter,,n=user,r=abc")));
}

class RefusedClientFirst : public testing::TestWithParam<const char*> {};

TEST_P(RefusedClientFirst, IsMalformed) {
  const auto machine = make_scram(mechanism::scram_sha_256, "SERVER", {}, false);
  EXPECT_TRUE(std::holds_alternative<malformed>(machine->start(GetParam())));
}

INSTANTIATE_TEST_SUITE_P(SaslScram, RefusedClientFirst,
                         testing::Values("", "n", "n,,", "n,,n=user", "n,,n=user,r=", "n,,n=,r=abc",
                                         "x,,n=user,r=abc", "n,user,n=user,r=abc", "n,a=,n=user,r=abc",
                                         "n,,n=us=er,r=abc", "n,,n=user=2c,r=abc", "n,,m=must,n=user,r=abc",
                                         "n,,r=abc,n=user", "n,,n=us\ter,r=abc", "n,,n=user,r=a c",
                                         "n,,n=user,r=abc,junk", "n,,n=\xff,r=abc", "p=,,n=user,r=abc"));

class RefusedClientFinal : public testing::TestWithParam<const char*> {};

TEST_P(RefusedClientFinal, IsMalformed) {
  const auto machine = make_scram(mechanism::scram_sha_256, "SERVER", {}, false);
  machine->start("n,,n=user,r=abc");
  machine->on_credentials(keys_for("pencil", scram_hash::sha_256));
  EXPECT_TRUE(std::holds_alternative<malformed>(machine->feed(GetParam())));
}

INSTANTIATE_TEST_SUITE_P(SaslScram, RefusedClientFinal,
                         testing::Values("", "c=biws,r=abcSERVER", "c=biws,p=AAAA",
                                         "r=abcSERVER,c=biws,p=AAAA", "c=biws,r=abcSERVER,p=AAAA",
                                         "c=biws,r=abcSERVER,p=!",
                                         "c=biws,r=abc,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                                         "c=b,r=abcSERVER,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));

TEST(SaslScram, FailsWithoutKeysLikeWithAWrongPassword) {
  const auto machine = make_scram(mechanism::scram_sha_256, "SERVER", {}, false);
  machine->start("n,,n=user,r=abc");
  const auto question = machine->on_credentials({});
  ASSERT_TRUE(std::holds_alternative<finish_login>(question));
  EXPECT_FALSE(std::get<finish_login>(question).proof_right);
}

} // namespace
} // namespace stagepost::sasl
