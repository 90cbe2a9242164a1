#include "tests/protocols/imap/logged_in.hpp"

#include <gtest/gtest.h>

namespace stagepost::imap {
namespace {

session_settings plain_settings() {
  session_settings settings;
  settings.login_needs_tls = false;
  return settings;
}

TEST(ImapSession, TakesNoInputWhileAQuestionIsOpenAndGoesOnAfterwards) {
  session under_test(plain_settings(), false, {});
  under_test.start();
  const auto asked = under_test.feed("a LOGIN joe secret\r\nb NOOP\r\n", {});
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(std::get<sasl::verify_password>(asked[0]).user, "joe");
  EXPECT_FALSE(under_test.wants_input());
  EXPECT_FALSE(under_test.is_authenticated());
  const auto answered = under_test.on_login(sasl::login_outcome::accepted, "joe@example.test");
  ASSERT_EQ(answered.size(), 1u);
  EXPECT_TRUE(std::get<reply>(answered[0]).text.ends_with("] Logged in\r\nb OK NOOP completed\r\n"));
  EXPECT_TRUE(under_test.wants_input());
  EXPECT_TRUE(under_test.is_authenticated());
}

TEST(ImapSession, SaysWhatHappensAtOnceWhileIdle) {
  logged_in with(1);
  EXPECT_EQ(with.say("c IDLE\r\n"), "+ idling\r\n");
  EXPECT_TRUE(with.client->session().is_idling());
  with.client->output.clear();
  with.account.deliver("INBOX", "Subject: new\r\n\r\n", instant{});
  EXPECT_EQ(with.client->output, "* 2 EXISTS\r\n");
  with.client->output.clear();
  with.account.remove(with.account.mailboxes.at("INBOX"), {uid{1}});
  EXPECT_EQ(with.client->output, "* 1 EXPUNGE\r\n");
  EXPECT_EQ(with.say("DONE\r\n"), "c OK IDLE ended\r\n");
  EXPECT_FALSE(with.client->session().is_idling());
}

TEST(ImapSession, KeepsNewsWhileNoCommandRuns) {
  logged_in with(1);
  with.client->output.clear();
  with.account.deliver("INBOX", "Subject: new\r\n\r\n", instant{});
  EXPECT_EQ(with.client->output, "");
  EXPECT_EQ(with.say("c NOOP\r\n"), "* 2 EXISTS\r\nc OK NOOP completed\r\n");
}

TEST(ImapSession, SaysByeWhenItsMailboxIsDeletedByAnother) {
  logged_in with;
  with.say("c CREATE Doomed\r\nd SELECT Doomed\r\n");
  fake_connection other(with.account, {}, true);
  other.start();
  with.client->output.clear();
  other.feed("a LOGIN joe secret\r\nb DELETE Doomed\r\n");
  EXPECT_EQ(with.client->output, "* BYE The selected mailbox was deleted\r\n[close]\r\n");
  EXPECT_FALSE(with.client->session().wants_input());
}

TEST(ImapSession, SaysByeOnTimeoutAndShutdownAndIsSilentAfterwards) {
  for (const bool shutdown : {false, true}) {
    logged_in with;
    session& under_test = with.client->session();
    with.client->output.clear();
    with.client->perform(shutdown ? under_test.on_shutdown() : under_test.on_timeout());
    EXPECT_EQ(with.client->output, shutdown ? "* BYE [UNAVAILABLE] Server shutting down\r\n[close]\r\n"
                                            : "* BYE Disconnected for inactivity\r\n[close]\r\n");
    EXPECT_TRUE(under_test.feed("c NOOP\r\n", {}).empty());
    EXPECT_TRUE(under_test.on_timeout().empty());
    EXPECT_TRUE(under_test.on_outcome(outcome::done).empty());
    EXPECT_TRUE(under_test.on_update({}).empty());
  }
}

TEST(ImapSession, IgnoresAnswersNobodyAskedFor) {
  logged_in with(1);
  session& under_test = with.client->session();
  EXPECT_TRUE(under_test.on_outcome(outcome::done).empty());
  EXPECT_TRUE(under_test.on_more().empty());
  EXPECT_TRUE(under_test.on_message({}).empty());
  EXPECT_TRUE(under_test.on_read_end(outcome::done).empty());
  EXPECT_EQ(with.say("c NOOP\r\n"), "c OK NOOP completed\r\n");
}

TEST(ImapSession, EndsAfterTooManyFailedLogins) {
  fake_account account;
  fake_connection client(account, plain_settings(), false);
  client.start();
  for (int i = 0; i < 10; ++i) client.feed("a LOGIN joe wrong\r\n");
  EXPECT_TRUE(client.output.ends_with("a NO [AUTHENTICATIONFAILED] Authentication failed\r\n"
                                      "* BYE Too many failed logins\r\n[close]\r\n"))
      << client.output;
}

TEST(ImapSession, GivesStrangersSmallLimits) {
  fake_account account;
  fake_connection client(account, plain_settings(), false);
  client.start();
  client.output.clear();
  client.feed("a LOGIN {4097}\r\n");
  EXPECT_EQ(client.output, "a BAD The literal is too long\r\n");
  client.output.clear();
  client.feed("b LOGIN " + std::string(20'000, 'x') + "\r\n");
  EXPECT_EQ(client.output, "b BAD The line is too long\r\n");
  client.output.clear();
  client.feed("c LOGIN {100000+}\r\n");
  EXPECT_EQ(client.output, "* BYE The input cannot be understood any more\r\n[close]\r\n");
}

TEST(ImapSession, LetsScramClientsCheckTheServerBeforeItSaysOk) {
  session_settings settings = plain_settings();
  settings.mechanisms = {sasl::mechanism::scram_sha_256};
  session under_test(settings, false, {});
  under_test.start();
  ASSERT_TRUE(under_test.wants_nonce());
  under_test.give_nonce("a nonce of eighteen octets or more");
  const bytes first_bare = "n=joe,r=client", salt = "sixteen octets..";
  constexpr auto hash = sasl::scram_hash::sha_256;
  under_test.feed("a AUTHENTICATE SCRAM-SHA-256 " + base64_encode("n,," + first_bare) + "\r\n", {});
  EXPECT_TRUE(under_test.wants_nonce());
  auto todo = under_test.on_credentials({sasl::make_scram_keys("secret", salt, 4096, hash), {}});
  const bytes challenge = std::get<reply>(todo.back()).text;
  const bytes server_first = *base64_decode(bytes_view(challenge).substr(2, challenge.size() - 4));
  const bytes without_proof = "c=biws," + server_first.substr(0, server_first.find(",s="));
  const bytes client_key = sasl::hmac(hash, sasl::stretch(hash, "secret", salt, 4096), "Client Key");
  bytes proof =
      sasl::hmac(hash, sasl::digest(hash, client_key), first_bare + "," + server_first + "," + without_proof);
  for (size_t i = 0; i < proof.size(); ++i) proof[i] = char(proof[i] ^ client_key[i]);
  todo = under_test.feed(base64_encode(without_proof + ",p=" + base64_encode(proof)) + "\r\n", {});
  ASSERT_TRUE(std::get<sasl::finish_login>(todo.back()).proof_right);
  todo = under_test.on_login(sasl::login_outcome::accepted, "joe@example.test");
  const bytes last = std::get<reply>(todo.back()).text;
  EXPECT_TRUE(base64_decode(bytes_view(last).substr(2, last.size() - 4))->starts_with("v="));
  EXPECT_FALSE(under_test.is_authenticated());
  todo = under_test.feed("\r\n", {});
  EXPECT_TRUE(std::get<reply>(todo.back()).text.starts_with("a OK [CAPABILITY "));
  EXPECT_TRUE(under_test.is_authenticated());
}

TEST(ImapSession, WantsOneNonceForEachExchange) {
  session_settings settings = plain_settings();
  settings.mechanisms = {sasl::mechanism::scram_sha_256};
  session under_test(settings, false, {});
  under_test.start();
  under_test.give_nonce("a nonce of eighteen octets or more");
  const auto told =
      under_test.feed("a AUTHENTICATE SCRAM-SHA-256\r\n*\r\nb AUTHENTICATE SCRAM-SHA-256\r\n", {});
  EXPECT_EQ(std::get<reply>(told.at(0)).text,
            "+ \r\na BAD Authentication cancelled\r\nb NO [UNAVAILABLE] One login at a time, try again\r\n");
}

TEST(ImapSession, ClosesItsMailboxWhenItEnds) {
  logged_in with(1);
  EXPECT_EQ(with.account.mailboxes.at("INBOX").watchers.size(), 1u);
  with.say("c LOGOUT\r\n");
  EXPECT_TRUE(with.account.mailboxes.at("INBOX").watchers.empty());
}

TEST(ImapSession, KnowsTheSelectedMailboxAlsoAfterSomebodyRenamedIt) {
  fake_account account;
  account.add("Old");
  session_settings settings;
  settings.login_needs_tls = false;
  fake_connection client(account, settings, false), other(account, settings, false);
  client.start();
  other.start();
  client.feed("a LOGIN joe secret\r\nb SELECT Old\r\n");
  other.feed("a LOGIN joe secret\r\nb RENAME Old New\r\nc CREATE Old\r\n");
  client.output.clear();
  client.feed("c DELETE Old\r\nd NOOP\r\ne DELETE New\r\nf FETCH 1:* FLAGS\r\n");
  EXPECT_EQ(client.output, "c OK DELETE completed\r\nd OK NOOP completed\r\ne OK DELETE completed\r\n"
                           "f BAD Command not valid in this state\r\n");
  EXPECT_FALSE(client.closed);
}

} // namespace
} // namespace stagepost::imap
