#include "actors/domain/login_desk.hpp"

#include "actors/wall_clock.hpp"
#include "tests/support/directory_fixture.hpp"

#include "protocols/sasl/keys.hpp"

#include <future>
#include <map>

namespace stagepost::domain {
namespace {

using sasl::login_outcome;

class LoginDesk : public testing::directory_fixture {
protected:
  LoginDesk() {
    must(create_domain{"example.org"});
    add_user("alice@example.org");
    *hashes_ = 0;
  }
  login_answer log_in(const std::string& user, const std::string& password, service at = service::imap,
                      const std::string& peer = "192.0.2.1", const std::string& as = "") {
    return ask<login_answer>(logins_, login{user, password, as, at, peer});
  }
  login_outcome outcome_of(const std::string& user, const std::string& password, service at = service::imap,
                           const std::string& peer = "192.0.2.1") {
    return log_in(user, password, at, peer).outcome;
  }
  void limit(uint32_t per_address, uint32_t per_network, uint32_t per_account) {
    auto changed = *settings_->get();
    changed.passwords.max_failed_logins_per_address = per_address;
    changed.passwords.max_failed_logins_per_network = per_network;
    changed.passwords.max_failed_logins_per_account = per_account;
    settings_->set(changed);
  }
};

TEST_F(LoginDesk, LetsInWhoKnowsThePassword) {
  const auto in = log_in("Alice@EXAMPLE.org", "secret");
  EXPECT_EQ(in.outcome, login_outcome::accepted);
  EXPECT_EQ(in.account.address, "alice@example.org");
  EXPECT_TRUE(in.account.account);
  EXPECT_TRUE(in.domain_names.empty());
  must(change_domain{"example.org", {}, {"example.net"}, {}});
  EXPECT_EQ(log_in("alice@example.net", "secret").domain_names, std::vector<std::string>{"example.net"});
  EXPECT_EQ(outcome_of("alice@example.org", "Secret"), login_outcome::wrong_credentials);
  EXPECT_EQ(outcome_of("alice@example.org", ""), login_outcome::wrong_credentials);
  EXPECT_EQ(outcome_of("alice", "secret"), login_outcome::wrong_credentials);
}

TEST_F(LoginDesk, KeepsPasswordsOnlyAsHashes) {
  const auto kept =
      storage::read_credentials(*store_, find("alice@example.org").target.account, storage::reach::disk);
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->passwords.size(), 1u);
  EXPECT_EQ(kept->passwords[0].argon2id.rfind("$argon2id$", 0), 0u);
  EXPECT_TRUE(kept->passwords[0].cram_md5.empty()); // not without being asked for
  EXPECT_TRUE(kept->passwords[0].scram_sha_1_stored.empty());
}

TEST_F(LoginDesk, HashesOnceForManyLogins) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(outcome_of("alice@example.org", "secret"), login_outcome::accepted);
  EXPECT_EQ(*hashes_, 1u);
  EXPECT_EQ(outcome_of("alice@example.org", "wrong"), login_outcome::wrong_credentials);
  EXPECT_EQ(*hashes_, 2u);
}

TEST_F(LoginDesk, AnOldPasswordIsWorthNothingAfterAChange) {
  EXPECT_EQ(outcome_of("alice@example.org", "secret"), login_outcome::accepted);
  must(change_password{"alice@example.org", "new"});
  EXPECT_EQ(outcome_of("alice@example.org", "secret"), login_outcome::wrong_credentials);
  EXPECT_EQ(outcome_of("alice@example.org", "new"), login_outcome::accepted);
}

TEST_F(LoginDesk, APasswordChangedWhileItIsProvedIsNotRemembered) {
  std::promise<void> go;
  auto busy = offload::make_work([wait = go.get_future().share()] { wait.wait(); });
  caf::scoped_actor client(*system_);
  auto blocked = client->request(hashing_, testing::patience, offload::run_work{busy});
  auto first = client->request(logins_, testing::patience,
                               login{"alice@example.org", "secret", "", service::imap, "192.0.2.1"});
  // The login has read the old hash when the desk answers what came behind it.
  ask<sasl::credentials>(logins_, find_credentials{{"alice@example.org", sasl::mechanism::scram_sha_256}});
  auto other =
      storage::read_credentials(*store_, find("alice@example.org").target.account, storage::reach::disk);
  other->passwords[0].argon2id =
      "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  committer::commit_batch change{std::make_shared<storage::batch>(*store_), nullptr};
  storage::put_credentials(*change.changes, find("alice@example.org").target.account, *other);
  ask<committer::committed>(committer_, change);
  caf::anon_send(logins_, forget_logins{find("alice@example.org").target.account});
  ask<sasl::credentials>(logins_, find_credentials{{"alice@example.org", sasl::mechanism::scram_sha_256}});
  go.set_value();
  blocked.receive([](offload::work_done) {}, [](caf::error&) {});
  first.receive([](login_answer&) {}, [](caf::error&) {});
  EXPECT_EQ(outcome_of("alice@example.org", "secret"), login_outcome::wrong_credentials);
}

TEST_F(LoginDesk, TakesNoMoreGuessesWhenTheyComeAllAtOnce) {
  limit(3, 100, 100);
  std::promise<void> go;
  const auto busy = offload::make_work([wait = go.get_future().share()] { wait.wait(); });
  caf::scoped_actor client(*system_);
  auto blocked = client->request(hashing_, testing::patience, offload::run_work{busy});
  using answer = decltype(client->request(logins_, testing::patience, login{}));
  std::vector<answer> answers;
  for (int i = 0; i < 50; ++i)
    answers.push_back(client->request(
        logins_, testing::patience,
        login{"alice@example.org", "guess " + std::to_string(i), "", service::imap, "192.0.2.1"}));
  // All have reached the desk when it answers what came behind them, and nothing has been hashed yet.
  ask<sasl::credentials>(logins_, find_credentials{{"alice@example.org", sasl::mechanism::scram_sha_256}});
  go.set_value();
  blocked.receive([](offload::work_done) {}, [](caf::error&) {});
  std::map<login_outcome, int> outcomes;
  for (auto& each : answers)
    each.receive([&](login_answer& in) { ++outcomes[in.outcome]; },
                 [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
  EXPECT_EQ(outcomes[login_outcome::wrong_credentials], 3);
  EXPECT_EQ(outcomes[login_outcome::too_many_failures], 47);
  EXPECT_EQ(*hashes_, 3u);
}

TEST_F(LoginDesk, LetsManyInAtOnceWhoKnowTheirPasswords) {
  limit(3, 3, 3);
  caf::scoped_actor client(*system_);
  using answer = decltype(client->request(logins_, testing::patience, login{}));
  std::vector<answer> answers;
  for (int i = 0; i < 20; ++i) {
    const auto name = "user" + std::to_string(i) + "@example.org";
    add_user(name);
    for (int k = 0; k < 4; ++k)
      answers.push_back(
          client->request(logins_, testing::patience, login{name, "secret", "", service::imap, "192.0.2.1"}));
  }
  for (auto& each : answers)
    each.receive([&](login_answer& in) { EXPECT_EQ(in.outcome, login_outcome::accepted); },
                 [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
}

TEST_F(LoginDesk, BoundsTheLoginsOfOneAddressThatWait) {
  std::promise<void> go;
  const auto busy = offload::make_work([wait = go.get_future().share()] { wait.wait(); });
  caf::scoped_actor client(*system_);
  auto blocked = client->request(hashing_, testing::patience, offload::run_work{busy});
  using answer = decltype(client->request(logins_, testing::patience, login{}));
  std::vector<answer> answers;
  for (int i = 0; i < 500; ++i)
    answers.push_back(client->request(logins_, testing::patience,
                                      login{"alice@example.org", "secret", "", service::imap, "192.0.2.1"}));
  // With all of these waiting there is still a place for somebody else.
  auto other = client->request(logins_, testing::patience,
                               login{"alice@example.org", "secret", "", service::imap, "198.51.100.1"});
  ask<sasl::credentials>(logins_, find_credentials{{"alice@example.org", sasl::mechanism::scram_sha_256}});
  go.set_value();
  blocked.receive([](offload::work_done) {}, [](caf::error&) {});
  std::map<login_outcome, int> outcomes;
  for (auto& each : answers)
    each.receive([&](login_answer& in) { ++outcomes[in.outcome]; }, [](caf::error&) {});
  EXPECT_EQ(outcomes[login_outcome::accepted] + outcomes[login_outcome::temporary_failure], 500);
  EXPECT_GE(outcomes[login_outcome::temporary_failure], 300);
  EXPECT_GE(outcomes[login_outcome::accepted], 50);
  other.receive([](login_answer& in) { EXPECT_EQ(in.outcome, login_outcome::accepted); },
                [](caf::error& failed) { ADD_FAILURE() << caf::to_string(failed); });
}

TEST_F(LoginDesk, TakesAPasswordHoweverItsCharactersAreWritten) {
  must(create_user{"j\xc3\xbcrgen@example.org", "gr\xc3\xbc\xc3\x9f dich"});
  for (const auto* user :
       {"j\xc3\xbcrgen@example.org", "ju\xcc\x88rgen@example.org", "J\xc3\x9crgen@example.org"})
    for (const auto* password : {"gr\xc3\xbc\xc3\x9f dich", "gru\xcc\x88\xc3\x9f dich",
                                 "gr\xc3\xbc\xc3\x9f\xc2\xa0"
                                 "dich"})
      EXPECT_EQ(outcome_of(user, password), login_outcome::accepted) << user << " " << password; // RFC 4013 2
  EXPECT_EQ(outcome_of("j\xc3\xbcrgen@example.org", "grue\xc3\x9f dich"), login_outcome::wrong_credentials);
  const auto kept = ask<sasl::credentials>(
      logins_, find_credentials{{"ju\xcc\x88rgen@example.org", sasl::mechanism::scram_sha_256}});
  ASSERT_TRUE(kept.scram);
  const auto expected = sasl::make_scram_keys("gr\xc3\xbc\xc3\x9f dich", kept.scram->salt,
                                              kept.scram->iterations, sasl::scram_hash::sha_256);
  EXPECT_EQ(kept.scram->stored_key, expected.stored_key);
}

TEST_F(LoginDesk, HashesTheFormOfAPasswordThatScramClientsHash) {
  must(change_password{"alice@example.org", "I\xc2\xadX"}); // RFC 4013 3: a soft hyphen is nothing
  const auto kept = ask<sasl::credentials>(
      logins_, find_credentials{{"alice@example.org", sasl::mechanism::scram_sha_256}});
  const auto expected =
      sasl::make_scram_keys("IX", kept.scram->salt, kept.scram->iterations, sasl::scram_hash::sha_256);
  EXPECT_EQ(kept.scram->stored_key, expected.stored_key);
  EXPECT_EQ(outcome_of("alice@example.org", "IX"), login_outcome::accepted);
}

TEST_F(LoginDesk, RefusesPasswordsThatNobodyCouldLogInWith) {
  for (const auto* password : {"\x07 bell", "\xc2\xad", "\xff", "\xd8\xa7\x31"})
    EXPECT_EQ(refusal(change_password{"alice@example.org", password}),
              "The password has characters that not every client can send.");
  must(change_password{"alice@example.org", "\xf0\x9f\x90\xb4 battery"}); // newer than Unicode 3.2
  EXPECT_EQ(outcome_of("alice@example.org", "\xf0\x9f\x90\xb4 battery"), login_outcome::accepted);
}

TEST_F(LoginDesk, NobodyWhoDoesNotExistIsToldByHowHisNameIsWritten) {
  const auto salt_of = [&](const std::string& user) {
    return ask<sasl::credentials>(logins_, find_credentials{{user, sasl::mechanism::scram_sha_256}})
        .scram->salt;
  };
  EXPECT_EQ(salt_of("Alice@example.org"), salt_of("alice@example.org"));
  EXPECT_EQ(salt_of("Nobody@example.org"), salt_of("nobody@example.org"));
}

TEST_F(LoginDesk, ForgetsVerifiedLoginsAsSoonAsTheSettingsSaySo) {
  EXPECT_EQ(outcome_of("alice@example.org", "secret"), login_outcome::accepted);
  auto changed = *settings_->get();
  changed.passwords.login_cache = std::chrono::seconds(0);
  settings_->set(changed);
  EXPECT_EQ(outcome_of("alice@example.org", "secret"), login_outcome::accepted);
  EXPECT_EQ(*hashes_, 2u);
}

TEST_F(LoginDesk, StopsGuessesFromOneAddress) {
  limit(3, 100, 100);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(outcome_of("alice@example.org", "guess"), login_outcome::wrong_credentials);
  EXPECT_EQ(outcome_of("alice@example.org", "secret"), login_outcome::too_many_failures);
  EXPECT_EQ(outcome_of("alice@example.org", "secret", service::imap, "198.51.100.1"),
            login_outcome::accepted);
}

TEST_F(LoginDesk, StopsGuessesFromOneNetwork) {
  limit(100, 3, 100);
  for (int i = 1; i <= 3; ++i)
    EXPECT_EQ(outcome_of("alice@example.org", "guess", service::imap, "2001:db8::" + std::to_string(i)),
              login_outcome::wrong_credentials);
  EXPECT_EQ(outcome_of("alice@example.org", "secret", service::imap, "2001:db8::ffff"),
            login_outcome::too_many_failures);
  EXPECT_EQ(outcome_of("alice@example.org", "secret", service::imap, "2001:db8:0:1::1"),
            login_outcome::accepted);
}

TEST_F(LoginDesk, StopsGuessesAtOneAccountUntilARightProof) {
  limit(100, 100, 3);
  for (int i = 1; i <= 3; ++i)
    EXPECT_EQ(outcome_of("alice@example.org", "guess", service::imap, "10.0." + std::to_string(i) + ".1"),
              login_outcome::wrong_credentials);
  EXPECT_EQ(outcome_of("alice@example.org", "secret", service::imap, "10.9.0.1"),
            login_outcome::too_many_failures);
  add_user("bob@example.org");
  EXPECT_EQ(outcome_of("bob@example.org", "secret", service::imap, "10.0.1.1"), login_outcome::accepted);
}

TEST_F(LoginDesk, TreatsWhoDoesNotExistLikeAWrongPassword) {
  EXPECT_EQ(outcome_of("nobody@example.org", "guess"), login_outcome::wrong_credentials);
  EXPECT_EQ(*hashes_, 1u); // the same work
  EXPECT_EQ(outcome_of("nobody@elsewhere.example", "guess"), login_outcome::wrong_credentials);
  EXPECT_EQ(outcome_of("no address @", "guess"), login_outcome::wrong_credentials);
  EXPECT_EQ(*hashes_, 3u);
  const auto wanted = sasl::find_credentials{"nobody@example.org", sasl::mechanism::scram_sha_256};
  const auto first = ask<sasl::credentials>(logins_, find_credentials{wanted});
  const auto second = ask<sasl::credentials>(logins_, find_credentials{wanted});
  ASSERT_TRUE(first.scram);
  EXPECT_EQ(first.scram->salt, second.scram->salt); // as stable as a real one
  EXPECT_EQ(first.scram->iterations, 2u);
}

TEST_F(LoginDesk, HoldsServicesThatAreSwitchedOff) {
  const std::pair<service, std::string> all[] = {{service::smtp, "allow_smtp"},
                                                 {service::imap, "allow_imap"},
                                                 {service::pop3, "allow_pop3"},
                                                 {service::web, "allow_webmail"}};
  for (const auto& [at, name] : all) {
    EXPECT_EQ(outcome_of("alice@example.org", "secret", at), login_outcome::accepted) << name;
    must(change_user{"alice@example.org", {{name, "false"}}});
    EXPECT_EQ(outcome_of("alice@example.org", "secret", at), login_outcome::not_permitted) << name; // USR-09
    EXPECT_EQ(outcome_of("alice@example.org", "wrong", at), login_outcome::wrong_credentials) << name;
  }
  EXPECT_EQ(outcome_of("alice@example.org", "secret", service::control), login_outcome::not_permitted);
}

TEST_F(LoginDesk, ShutsOutDisabledUsersAndDomains) {
  must(change_user{"alice@example.org", {{"disabled", "true"}}});
  EXPECT_EQ(outcome_of("alice@example.org", "secret"), login_outcome::not_permitted);
  must(change_user{"alice@example.org", {{"disabled", "false"}}});
  EXPECT_EQ(outcome_of("alice@example.org", "secret"), login_outcome::accepted);
  set_domain("example.org", {{"disabled", "true"}});
  EXPECT_EQ(outcome_of("alice@example.org", "secret"), login_outcome::not_permitted);
}

TEST_F(LoginDesk, AnAdministratorHasNoMail) {
  must(create_user{"root", "secret", storage::account_role::system_admin});
  EXPECT_EQ(outcome_of("root", "secret", service::imap), login_outcome::not_permitted);
  EXPECT_EQ(outcome_of("root", "secret", service::control), login_outcome::accepted);
  EXPECT_EQ(log_in("root", "secret", service::web).role, storage::account_role::system_admin);
}

TEST_F(LoginDesk, NobodyLogsInAsSomebodyElse) {
  add_user("bob@example.org");
  EXPECT_EQ(log_in("alice@example.org", "secret", service::imap, "192.0.2.1", "bob@example.org").outcome,
            login_outcome::wrong_credentials);
  EXPECT_EQ(log_in("alice@example.org", "secret", service::imap, "192.0.2.1", "Alice@example.org").outcome,
            login_outcome::accepted);
}

TEST_F(LoginDesk, BringsTheLimitsOfUserAndDomain) {
  set_domain(
      "example.org",
      {{"max_message_size_kb", "100"}, {"max_recipients", "10"}, {"exclude_ip_from_received", "true"}});
  auto in = log_in("alice@example.org", "secret");
  EXPECT_EQ(in.max_message_size_bytes, 100u << 10); // DOM-63
  EXPECT_EQ(in.max_recipients, 10u);                // DOM-64
  EXPECT_TRUE(in.hide_client_address);              // DOM-30
  must(change_user{"alice@example.org", {{"max_message_size_kb", "50"}, {"max_recipients", "500"}}});
  in = log_in("alice@example.org", "secret");
  EXPECT_EQ(in.max_message_size_bytes, 50u << 10); // USR-10: the smaller one
  EXPECT_EQ(in.max_recipients, 10u);
}

TEST_F(LoginDesk, CountsWrongProofsOfOtherMechanismsToo) {
  limit(2, 100, 100);
  const auto finish = [&](bool right) {
    return ask<login_answer>(logins_,
                             finish_login{{"alice@example.org", "", right}, service::imap, "192.0.2.1"})
        .outcome;
  };
  EXPECT_EQ(finish(true), login_outcome::accepted);
  EXPECT_EQ(finish(false), login_outcome::wrong_credentials);
  EXPECT_EQ(finish(false), login_outcome::wrong_credentials);
  EXPECT_EQ(finish(true), login_outcome::too_many_failures);
}

TEST_F(LoginDesk, KeepsWhatOtherMechanismsNeedWhenPolicySaysSo) {
  auto changed = *settings_->get();
  changed.passwords.store_scram_sha1 = true;
  changed.passwords.store_cram_md5 = true;
  settings_->set(changed);
  must(change_password{"alice@example.org", "new"});
  const auto sha_1 =
      ask<sasl::credentials>(logins_, find_credentials{{"alice@example.org", sasl::mechanism::scram_sha_1}});
  ASSERT_TRUE(sha_1.scram);
  EXPECT_EQ(sha_1.scram->stored_key.size(), 20u);
  const auto cram =
      ask<sasl::credentials>(logins_, find_credentials{{"alice@example.org", sasl::mechanism::cram_md5}});
  EXPECT_EQ(cram.cram_md5.size(), 32u);
}

TEST_F(LoginDesk, TellsTheTimeZoneOfTheUserElseOfTheDomain) {
  const auto zone = [&] { return log_in("alice@example.org", "secret").time_zone; };
  EXPECT_EQ(zone(), "UTC");
  must(change_domain{"example.org", {{"time_zone", "America/Santiago"}}, {}, {}});
  EXPECT_EQ(zone(), "America/Santiago");
  must(change_user{"alice@example.org", {{"time_zone", "Europe/Berlin"}}});
  EXPECT_EQ(zone(), "Europe/Berlin");
  must(change_user{"alice@example.org", {{"time_zone", "domain"}}});
  EXPECT_EQ(zone(), "America/Santiago");
}

TEST_F(LoginDesk, RemembersLoginsWhateverTheWallClockDoes) {
  auto changed = *settings_->get();
  changed.passwords.login_cache = std::chrono::seconds(3600);
  settings_->set(changed);
  EXPECT_EQ(outcome_of("alice@example.org", "secret"), login_outcome::accepted);
  for (const auto years : {1, -1}) {
    const wall_clock_shift shift(std::chrono::days(365) * years);
    EXPECT_EQ(outcome_of("alice@example.org", "secret"), login_outcome::accepted);
  }
  EXPECT_EQ(*hashes_, 1u);
}

TEST_F(LoginDesk, KeepsALimitReachedWhateverTheWallClockDoes) {
  limit(1, 100, 100);
  EXPECT_EQ(outcome_of("alice@example.org", "wrong"), login_outcome::wrong_credentials);
  for (const auto years : {1, -1}) {
    const wall_clock_shift shift(std::chrono::days(365) * years);
    EXPECT_EQ(outcome_of("alice@example.org", "secret"), login_outcome::too_many_failures);
  }
}

} // namespace
} // namespace stagepost::domain
