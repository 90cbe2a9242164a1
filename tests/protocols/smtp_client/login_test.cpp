#include "protocols/smtp_client/login.hpp"

#include "protocols/base/text.hpp"
#include "protocols/sasl/keys.hpp"

#include <gtest/gtest.h>

namespace stagepost::smtp_client {
namespace {

using sasl::mechanism;

/// Plays a login against the server's side of protocols/sasl; true when both think it went well.
bool log_in(mechanism which, const credentials& who, std::string_view right_password) {
  const auto client = make_login(which, who, bytes(18, 'c'));
  const auto server =
      sasl::make_exchange(which, bytes(18, 's'), "mail.example.test", 1'795'364'373, {}, false);
  auto now = server->start(client->initial_response());
  for (int i = 0; i < 10; ++i) {
    if (const auto* ask = std::get_if<sasl::challenge>(&now)) {
      const auto answer = client->respond(ask->text);
      if (!answer) return false;
      now = server->feed(*answer);
    } else if (const auto* check = std::get_if<sasl::verify_password>(&now)) {
      const bool right = check->user == who.user && check->password == right_password &&
                         check->authorize_as == who.authorize_as;
      now = server->on_login(right ? sasl::login_outcome::accepted : sasl::login_outcome::wrong_credentials);
    } else if (std::get_if<sasl::find_credentials>(&now)) {
      sasl::credentials kept;
      kept.cram_md5 = sasl::make_cram_md5_state(right_password);
      if (which != mechanism::cram_md5)
        kept.scram = sasl::make_scram_keys(right_password, "saltsaltsaltsalt", 4096, sasl::hash_of(which));
      now = server->on_credentials(kept);
    } else if (const auto* end = std::get_if<sasl::finish_login>(&now)) {
      now = server->on_login(end->proof_right ? sasl::login_outcome::accepted
                                              : sasl::login_outcome::wrong_credentials);
    } else if (const auto* over = std::get_if<sasl::finished>(&now)) {
      if (over->outcome != sasl::login_outcome::accepted) return false;
      if (!over->last_words.empty() && !client->respond(over->last_words)) return false;
      return client->is_proved();
    } else {
      return false;
    }
  }
  return false;
}

TEST(SmtpClientLogin, GetsInWithTheRightPasswordOnly) {
  for (const auto which : {mechanism::plain, mechanism::login, mechanism::cram_md5, mechanism::scram_sha_1,
                           mechanism::scram_sha_256}) {
    EXPECT_TRUE(log_in(which, {"joe", "secret", ""}, "secret")) << sasl::name_of(which);
    EXPECT_FALSE(log_in(which, {"joe", "wrong", ""}, "secret")) << sasl::name_of(which);
  }
  EXPECT_TRUE(log_in(mechanism::plain, {"joe", "secret", "ann"}, "secret"));
  EXPECT_TRUE(log_in(mechanism::scram_sha_256, {"jo,e=x", "secret", ""}, "secret"));
}

TEST(SmtpClientLogin, DoesNotWorkForHoursForAServer) {
  const auto client = make_login(mechanism::scram_sha_256, {"joe", "secret", ""}, bytes(18, 'c'));
  const auto first = *client->initial_response();
  const auto nonce = first.substr(first.find("r=") + 2);
  EXPECT_FALSE(client->respond("r=" + nonce + "x,s=" + base64_encode("salt") + ",i=4000000000"));
}

TEST(SmtpClientLogin, RefusesANonceThatIsNotItsOwn) {
  const auto client = make_login(mechanism::scram_sha_256, {"joe", "secret", ""}, bytes(18, 'c'));
  client->initial_response();
  EXPECT_FALSE(client->respond("r=other,s=" + base64_encode("salt") + ",i=4096"));
}

TEST(SmtpClientLogin, TakesTheMechanismThatTellsLeast) {
  const std::vector all{mechanism::plain, mechanism::login, mechanism::cram_md5, mechanism::scram_sha_256};
  EXPECT_EQ(choose_mechanism(all, all, {}, true), mechanism::scram_sha_256);
  EXPECT_EQ(choose_mechanism(all, all, {mechanism::scram_sha_256}, true), mechanism::cram_md5);
  EXPECT_EQ(choose_mechanism({mechanism::plain}, all, {}, false), std::nullopt);
  EXPECT_EQ(choose_mechanism({mechanism::plain, mechanism::login}, {mechanism::login}, {}, true),
            mechanism::login);
}

} // namespace
} // namespace stagepost::smtp_client
