#include "tests/protocols/imap/fake_account.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace stagepost::imap {
namespace {

/// What tests/data/imap/capabilities.txt says of a phase.
std::string expected(const std::string& phase) {
  std::ifstream in(STAGEPOST_SOURCE_DIR "/tests/data/imap/capabilities.txt");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(phase + ": ")) return line.substr(phase.size() + 2);
  return "nothing about " + phase;
}

TEST(ImapCapability, IsWordForWordWhatTheFileSaysInEachPhase) {
  session_settings settings;
  settings.tls_offered = true;
  for (const char* name : {"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256",
                           "SCRAM-SHA-256-PLUS"})
    settings.mechanisms.push_back(*sasl::mechanism_named(name));
  fake_account account;
  fake_connection client(account, settings, false);
  client.start();
  const auto ask = [&] {
    client.output.clear();
    client.feed("a CAPABILITY\r\n");
    return client.output;
  };
  EXPECT_EQ(client.output, "* OK [" + expected("before-tls") + "] localhost\r\n");
  EXPECT_EQ(ask(), "* " + expected("before-tls") + "\r\na OK CAPABILITY completed\r\n");
  client.feed("b STARTTLS\r\n");
  EXPECT_EQ(ask(), "* " + expected("after-tls") + "\r\na OK CAPABILITY completed\r\n");
  client.feed("c LOGIN joe secret\r\n");
  EXPECT_TRUE(client.output.ends_with("c OK [" + expected("after-login") + "] Logged in\r\n"))
      << client.output;
  EXPECT_EQ(ask(), "* " + expected("after-login") + "\r\na OK CAPABILITY completed\r\n");
}

TEST(ImapCapability, TellsAdministratorsThatTheySetQuotas) {
  session_settings settings;
  settings.login_needs_tls = false;
  fake_account account;
  fake_connection client(account, settings, false);
  client.start();
  client.administer();
  client.feed("a LOGIN joe secret\r\n");
  EXPECT_TRUE(client.output.ends_with("a OK [" + expected("administrator") + "] Logged in\r\n"))
      << client.output;
}

TEST(ImapCapability, OffersLoginByCertificateOnlyToWhoHasShownOne) {
  session_settings settings;
  settings.mechanisms = {sasl::mechanism::external};
  fake_account account;
  fake_connection stranger(account, settings, true, {"exported", ""});
  stranger.start();
  stranger.feed("a AUTHENTICATE EXTERNAL =\r\n");
  EXPECT_EQ(stranger.output.find("AUTH=EXTERNAL"), std::string::npos);
  EXPECT_TRUE(stranger.output.ends_with("a NO [CANNOT] Unsupported authentication mechanism\r\n"));
  fake_connection known(account, settings, true, {"exported", "", {"joe@example.test"}});
  known.start();
  EXPECT_NE(known.output.find(" AUTH=EXTERNAL"), std::string::npos);
  known.feed("a AUTHENTICATE EXTERNAL YW5uQGV4YW1wbGUudGVzdA==\r\n");
  EXPECT_TRUE(known.output.ends_with("a NO [AUTHENTICATIONFAILED] Authentication failed\r\n"));
  known.feed("b AUTHENTICATE EXTERNAL\r\n\r\n");
  EXPECT_NE(known.output.find("+ \r\nb OK "), std::string::npos) << known.output;
}

TEST(ImapCapability, LeavesOutIdleWhereItIsSwitchedOff) {
  session_settings settings;
  settings.idle = false;
  settings.login_needs_tls = false;
  fake_account account;
  fake_connection client(account, settings, false);
  client.start();
  client.feed("a LOGIN joe secret\r\nb IDLE\r\n");
  EXPECT_EQ(client.output.find(" IDLE"), std::string::npos);
  EXPECT_EQ(client.output.find("IMAP4rev2"), std::string::npos) << "IDLE is part of it";
  EXPECT_TRUE(client.output.ends_with("b BAD Unknown command\r\n"));
}

} // namespace
} // namespace stagepost::imap
