#include "protocols/sasl/cram_md5.hpp"

#include "protocols/sasl/md5_state.hpp"

#include <gtest/gtest.h>

namespace stagepost::sasl {
namespace {

// The example of RFC 2195 2.
constexpr auto text = "<1896.697170952@postoffice.reston.mci.net>";
constexpr auto password = "tanstaaftanstaaf";
constexpr auto answer = "tim b913a602c7eda7a495b4e6e7334d3890";

bool proof_of(bytes_view response, const bytes& state) {
  const auto machine = make_cram_md5(text);
  machine->start(std::nullopt);
  const auto asked = machine->feed(response);
  if (!std::holds_alternative<find_credentials>(asked)) return false;
  credentials found;
  found.cram_md5 = state;
  const auto question = machine->on_credentials(found);
  return std::holds_alternative<finish_login>(question) && std::get<finish_login>(question).proof_right;
}

TEST(SaslCramMd5, FollowsTheExampleOfItsStandard) {
  const auto machine = make_cram_md5(text);
  const auto first = machine->start(std::nullopt);
  ASSERT_TRUE(std::holds_alternative<challenge>(first));
  EXPECT_EQ(std::get<challenge>(first).text, text);
  const auto asked = machine->feed(answer);
  ASSERT_TRUE(std::holds_alternative<find_credentials>(asked));
  EXPECT_EQ(std::get<find_credentials>(asked).user, "tim");
  EXPECT_EQ(std::get<find_credentials>(asked).used, mechanism::cram_md5);
  credentials found;
  found.cram_md5 = make_cram_md5_state(password);
  const auto question = machine->on_credentials(found);
  ASSERT_TRUE(std::holds_alternative<finish_login>(question));
  EXPECT_EQ(std::get<finish_login>(question).user, "tim");
  EXPECT_TRUE(std::get<finish_login>(question).proof_right);
}

TEST(SaslCramMd5, TellsAWrongProofToo) {
  EXPECT_FALSE(proof_of(answer, make_cram_md5_state("tanstaaftanstaaF")));
  EXPECT_FALSE(proof_of("tim b913a602c7eda7a495b4e6e7334d3891", make_cram_md5_state(password)));
  EXPECT_FALSE(proof_of(answer, {}));
}

TEST(SaslCramMd5, TakesUpperCaseDigits) {
  EXPECT_TRUE(proof_of("tim B913A602C7EDA7A495B4E6E7334D3890", make_cram_md5_state(password)));
}

TEST(SaslCramMd5, RefusesWhatIsNotUserAndDigest) {
  for (const auto* response : {"", "tim", "tim ", " b913a602c7eda7a495b4e6e7334d3890", "tim b913"}) {
    const auto machine = make_cram_md5(text);
    machine->start(std::nullopt);
    EXPECT_TRUE(std::holds_alternative<malformed>(machine->feed(response))) << response;
  }
  EXPECT_TRUE(std::holds_alternative<malformed>(make_cram_md5(text)->start("tim")));
}

TEST(SaslCramMd5, ChallengesWithNonceTimeAndHost) {
  EXPECT_EQ(cram_md5_challenge("\x01\xab", "mail.example.test", 697170952),
            "<01ab.697170952@mail.example.test>");
}

// RFC 2202 2: HMAC-MD5 with keys shorter, as long as, and longer than a block.
TEST(SaslMd5State, FinishesToTheVectorsOfRfc2202) {
  EXPECT_EQ(finish_cram_md5(make_cram_md5_state(bytes(16, '\x0b')), "Hi There"),
            "9294727a3638bb1c13f48ef8158bfc9d");
  EXPECT_EQ(finish_cram_md5(make_cram_md5_state("Jefe"), "what do ya want for nothing?"),
            "750c783e6ab0b503eaa86e310a5db738");
  EXPECT_EQ(finish_cram_md5(make_cram_md5_state(bytes(80, '\xaa')),
                            "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data"),
            "6f630fad67cda0ee1fb1f562db3aa53e");
}

TEST(SaslMd5State, HasTheSizeThatIsStored) { EXPECT_EQ(make_cram_md5_state("").size(), cram_md5_state_size); }

} // namespace
} // namespace stagepost::sasl
