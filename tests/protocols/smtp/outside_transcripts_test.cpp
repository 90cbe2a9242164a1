#include "tests/protocols/smtp/fake_environment.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace stagepost::smtp {
namespace {

const std::string outside_data = STAGEPOST_SOURCE_DIR "/../shared/data/james-transcripts/smtp/";

session_settings settings_for_outsiders() {
  session_settings settings;
  settings.tls_offered = true;
  settings.login_needs_tls = false;
  settings.mechanisms = {sasl::mechanism::login, sasl::mechanism::plain};
  return settings;
}

/// The codes of the replies in order, those of one reply of several lines once.
std::string codes_of(const std::string& output) {
  std::string out;
  std::string_view rest = output;
  while (!rest.empty()) {
    const auto line = take_until(rest, '\n');
    if (line.size() >= 4 && line[3] == ' ') out += std::string(line.substr(0, 3)) + " ";
  }
  return out;
}

/// Plays a dialogue written for another server, of whose replies the codes are facts. Its client waits for
/// nothing, so each line is fed alone; "S: 250.*" and the lines of a longer reply are patterns of that
/// server's texts.
void play(const std::string& name) {
  std::ifstream in(outside_data + name);
  if (!in) GTEST_SKIP() << "no outside data: " << outside_data << name;
  fake_environment server(settings_for_outsiders());
  server.start();
  std::string expected;
  bool said_hello = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("C:")) {
      const auto text = line.size() > 3 ? line.substr(3) : std::string{};
      if (!said_hello &&
          !ascii_istarts_with(text, "ehlo")) { // they may log in without a hello, RFC 4954 has it not
        server.feed("EHLO client.example\r\n");
        expected += "250 ";
      }
      said_hello = true;
      server.feed(text + "\r\n");
    } else if (line.starts_with("S: ") && line.size() > 6 && line[6] == ' ') {
      expected += line.substr(3, 3) + " ";
    }
  }
  EXPECT_EQ(codes_of(server.output), expected) << name << "\n" << server.output;
}

TEST(SmtpOutsideTranscripts, TakeAMailAfterHello) { play("helo.test"); }
TEST(SmtpOutsideTranscripts, LogInWithUserAndPassword) { play("authplain.test"); }
TEST(SmtpOutsideTranscripts, TakeStarttlsInContentForContent) { play("data_with_starttls.test"); }
TEST(SmtpOutsideTranscripts, TakeStarttlsAtTheBeginningOfContentForContent) {
  play("data_starts_with_starttls.test");
}
TEST(SmtpOutsideTranscripts, TakeStarttlsInAnAddressForAnAddress) { play("rcpt_with_starttls.test"); }
TEST(SmtpOutsideTranscripts, StartTls) { play("starttls.test"); }

// The other server refuses both of the following with other codes; what counts is that nothing goes on.
TEST(SmtpOutsideTranscripts, ObeyNothingThatWasInjectedBehindStarttls) {
  fake_environment server(settings_for_outsiders());
  server.start();
  server.feed("ehlo yopmail.com\r\n");
  server.output.clear();
  server.feed("starttls\r\nmail from:<matthieu@yopmail.com>\r\n");
  EXPECT_EQ(server.output, "220 2.0.0 Ready to start TLS\r\n[tls]\r\n");
}

TEST(SmtpOutsideTranscripts, CarryNoSessionOverStarttls) {
  fake_environment server(settings_for_outsiders());
  server.start();
  for (const auto* line :
       {"ehlo yopmail.com\r\n", "AUTH LOGIN\r\n", "Ym9iQG15ZG9tYWluLnRsZA==\r\n", "c2VjcmV0\r\n",
        "mail from:<bob@mydomain.tld>\r\n", "rcpt to:<matthieu@yopmail.com>\r\n"})
    server.feed(line);
  EXPECT_EQ(server.session().authenticated_as(), "bob@example.test");
  server.output.clear();
  server.feed("starttls\r\n");
  EXPECT_EQ(codes_of(server.output), "503 ");
}

} // namespace
} // namespace stagepost::smtp
