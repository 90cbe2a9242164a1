#include "tests/protocols/pop3/fake_host.hpp"

#include "protocols/base/text.hpp"
#include "protocols/sasl/keys.hpp"

#include <gtest/gtest.h>

namespace stagepost::pop3 {
namespace {

constexpr auto hash = sasl::scram_hash::sha_256;
constexpr uint32_t iterations = 4096;
const bytes salt = "sixteen octets..";

/// The client's final message of RFC 5802 3 for the password "secret".
bytes final_message(const bytes& first_bare, const bytes& server_first) {
  const auto nonce_end = server_first.find(",s=");
  const bytes without_proof = "c=biws," + server_first.substr(0, nonce_end);
  const auto client_key = sasl::hmac(hash, sasl::stretch(hash, "secret", salt, iterations), "Client Key");
  auto proof =
      sasl::hmac(hash, sasl::digest(hash, client_key), first_bare + "," + server_first + "," + without_proof);
  for (size_t i = 0; i < proof.size(); ++i) proof[i] = char(proof[i] ^ client_key[i]);
  return without_proof + ",p=" + base64_encode(proof);
}

/// A session whose SCRAM exchange has come to the server's last words.
struct scram_login {
  session under_test{ordinary_settings(), false, {}};
  actions last;

  scram_login() {
    under_test.give_nonce("a nonce of eighteen octets or more");
    const bytes first_bare = "n=alice,r=client";
    under_test.feed("AUTH SCRAM-SHA-256 " + base64_encode("n,," + first_bare) + "\r\n", instant{});
    const auto keys = sasl::make_scram_keys("secret", salt, iterations, hash);
    const auto todo = under_test.on_credentials({keys, {}});
    const auto text = std::get<reply>(todo.back()).text; // "+ base64 CRLF"
    const auto server_first = *base64_decode(bytes_view(text).substr(2, text.size() - 4));
    last = under_test.feed(base64_encode(final_message(first_bare, server_first)) + "\r\n", instant{});
  }
};

TEST(Pop3ScramLogin, SendsTheServersProofAsAChallengeBeforeTheMaildropIsOpened) {
  scram_login login;
  ASSERT_TRUE(std::get<sasl::finish_login>(login.last.back()).proof_right);
  auto todo = login.under_test.on_login(sasl::login_outcome::accepted);
  const auto text = std::get<reply>(todo.back()).text;
  EXPECT_TRUE(base64_decode(bytes_view(text).substr(2, text.size() - 4))->starts_with("v="));
  todo = login.under_test.feed("\r\n", instant{});
  EXPECT_TRUE(std::holds_alternative<open_maildrop>(todo.back()));
}

TEST(Pop3ScramLogin, DoesNotLetInAClientThatRejectsTheServersProof) {
  scram_login login;
  login.under_test.on_login(sasl::login_outcome::accepted);
  const auto todo = login.under_test.feed("*\r\nSTAT\r\n", instant{});
  EXPECT_EQ(std::get<reply>(todo.back()).text, "-ERR Cancelled\r\n-ERR Not allowed now\r\n");
}

TEST(Pop3ScramLogin, TellsAWrongProofLikeAWrongPassword) {
  scram_login login;
  const auto todo = login.under_test.on_login(sasl::login_outcome::wrong_credentials);
  EXPECT_EQ(std::get<reply>(todo.back()).text, "-ERR [AUTH] Wrong user name or password\r\n");
}

} // namespace
} // namespace stagepost::pop3
