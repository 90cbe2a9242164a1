#include "actors/domain/gateway_desk.hpp"

#include "tests/support/directory_fixture.hpp"

namespace stagepost::domain {
namespace {

class GatewayDesk : public testing::directory_fixture {
protected:
  GatewayDesk() { start(); }
  ~GatewayDesk() override { end(std::exchange(desk_, nullptr)); }

  void start() {
    if (desk_) end(desk_);
    const stores from{store_, {}, readers_, settings_, {}, key_};
    desk_ = system_->spawn(gateway_desk, from, committer_, counted_);
    *hashes_ = 0;
  }
  void set(const std::string& user, const std::string& password) {
    const auto answer = ask<admin_answer>(desk_, set_gateway_credential{user, password});
    EXPECT_TRUE(answer.done) << answer.sentence;
    *hashes_ = 0;
  }
  gateway_standing standing(const std::string& user, const std::string& password,
                            const std::string& peer = "192.0.2.1") {
    return ask<gateway_login_answer>(desk_, gateway_login{user, password, peer}).standing;
  }

  std::shared_ptr<const storage::secret_key> key_ =
      std::make_shared<const storage::secret_key>(std::array<unsigned char, 32>{7});
  gateway_desk_self desk_;
};

TEST_F(GatewayDesk, LetsNobodyAskBeforeACredentialIsSet) {
  EXPECT_EQ(standing("gate", "secret"), gateway_standing::not_set);
  EXPECT_EQ(*hashes_, 0u);
  EXPECT_EQ(ask<gateway_credential_shown>(desk_, show_gateway_credential{}).user, "");
}

TEST_F(GatewayDesk, LetsInWhoHasTheCredentialAndNobodyElse) {
  set("gate", "secret");
  EXPECT_EQ(standing("gate", "secret"), gateway_standing::accepted);
  EXPECT_EQ(standing("gate", "Secret"), gateway_standing::wrong);
  EXPECT_EQ(standing("other", "secret"), gateway_standing::wrong);
  EXPECT_EQ(standing("", ""), gateway_standing::wrong);
}

TEST_F(GatewayDesk, HashesOnceForManyQuestionsAndForEachGuess) {
  set("gate", "secret");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(standing("gate", "secret"), gateway_standing::accepted);
  EXPECT_EQ(*hashes_, 1u);
  standing("gate", "wrong");
  standing("other", "secret"); // a wrong user costs as much as a wrong password
  EXPECT_EQ(*hashes_, 3u);
}

TEST_F(GatewayDesk, AnOldPasswordIsWorthNothingAfterAChange) {
  set("gate", "secret");
  EXPECT_EQ(standing("gate", "secret"), gateway_standing::accepted);
  set("gate", "new");
  EXPECT_EQ(standing("gate", "secret"), gateway_standing::wrong);
  EXPECT_EQ(standing("gate", "new"), gateway_standing::accepted);
  set("", "");
  EXPECT_EQ(standing("gate", "new"), gateway_standing::not_set);
}

TEST_F(GatewayDesk, KeepsTheCredentialSealedOverARestart) {
  set("gate", "secret");
  start();
  EXPECT_EQ(ask<gateway_credential_shown>(desk_, show_gateway_credential{}).user, "gate");
  EXPECT_EQ(standing("gate", "secret"), gateway_standing::accepted);
  const auto kept = storage::read_secret(*store_, "api/gateway", storage::reach::disk);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->find("gate"), kept->npos);
  set("", "");
  start();
  EXPECT_EQ(standing("gate", "secret"), gateway_standing::not_set);
}

TEST_F(GatewayDesk, StopsListeningToAnAddressThatGuesses) {
  set("gate", "secret");
  auto changed = *settings_->get();
  changed.passwords.max_failed_logins_per_address = 3;
  settings_->set(changed);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(standing("gate", "guess"), gateway_standing::wrong);
  EXPECT_EQ(standing("gate", "guess"), gateway_standing::too_many);
  EXPECT_EQ(standing("gate", "secret"), gateway_standing::too_many);
  EXPECT_EQ(standing("gate", "secret", "198.51.100.1"), gateway_standing::accepted);
}

TEST_F(GatewayDesk, AnswersAllWhoComeAtOnce) {
  set("gate", "secret");
  auto changed = *settings_->get();
  changed.passwords.max_failed_logins_per_address = 2;
  settings_->set(changed);
  caf::scoped_actor self(*system_);
  size_t accepted = 0, answered = 0;
  for (int i = 0; i < 20; ++i) self->send(desk_, gateway_login{"gate", "secret", "192.0.2.1"});
  self->receive_while([&] { return answered < 20; })([&](const gateway_login_answer& each) {
    ++answered;
    accepted += each.standing == gateway_standing::accepted;
  });
  EXPECT_EQ(accepted, 20u);
}

TEST_F(GatewayDesk, RefusesWhatHttpCannotTell) {
  for (const auto& [user, password] : {std::pair<std::string, std::string>{"a:b", "secret"},
                                       {"a\nb", "secret"},
                                       {"gate", ""},
                                       {"gate", "a\rb"},
                                       {std::string(101, 'x'), "secret"},
                                       {"gate", std::string(501, 'x')}})
    EXPECT_FALSE(ask<admin_answer>(desk_, set_gateway_credential{user, password}).done) << user;
  EXPECT_EQ(standing("gate", "secret"), gateway_standing::not_set);
}

} // namespace
} // namespace stagepost::domain
