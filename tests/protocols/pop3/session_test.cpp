#include "tests/protocols/pop3/fake_host.hpp"

#include "protocols/base/text.hpp"

#include <gtest/gtest.h>

namespace stagepost::pop3 {
namespace {

fake_host logged_in() {
  fake_host host(ordinary_settings());
  host.mail = ordinary_mail();
  host.feed("USER alice\r\nPASS secret\r\n");
  host.seen.clear();
  return host;
}

bool has_line(bytes_view text, bytes_view line) {
  return text.find("\r\n" + bytes(line) + "\r\n") != bytes_view::npos;
}

TEST(Pop3Session, GreetsWithItsBannerOnOneLine) {
  auto settings = ordinary_settings();
  settings.banner = "hello\r\n-ERR not this";
  EXPECT_EQ(fake_host(settings).seen, "+OK hello  -ERR not this\r\n");
}

TEST(Pop3Session, DropsEverythingSentBehindStls) {
  fake_host host(ordinary_settings());
  EXPECT_EQ(host.ask("STLS\r\nUSER alice\r\nPASS secret\r\n"), "+OK Begin TLS negotiation\r\n");
  EXPECT_EQ(host.ask("STAT\r\n"), "-ERR Not allowed now\r\n");
}

TEST(Pop3Session, DropsWhatComesWhileTheHandshakeIsAwaited) {
  session under_test(ordinary_settings(), false, {});
  under_test.start();
  auto todo = under_test.feed("STLS\r\n", instant{});
  ASSERT_TRUE(std::holds_alternative<start_tls>(todo.back()));
  EXPECT_FALSE(under_test.wants_input());
  EXPECT_TRUE(under_test.feed("CAPA\r\n", instant{}).empty());
  EXPECT_TRUE(under_test.on_tls({}).empty());
  EXPECT_TRUE(under_test.wants_input());
}

TEST(Pop3Session, ForgetsAUserNamedBeforeTheHandshake) {
  fake_host host(ordinary_settings());
  host.feed("USER alice\r\n");
  host.feed("STLS\r\n");
  EXPECT_EQ(host.ask("PASS secret\r\n"), "-ERR USER comes first\r\n");
}

TEST(Pop3Session, AnnouncesPasswordLoginsOnlyWhereTheyAreAllowed) {
  auto settings = ordinary_settings();
  settings.login_needs_tls = true;
  fake_host host(settings);
  auto capabilities = host.ask("CAPA\r\n");
  EXPECT_FALSE(has_line(capabilities, "USER"));
  EXPECT_TRUE(has_line(capabilities, "SASL SCRAM-SHA-256"));
  EXPECT_TRUE(has_line(capabilities, "STLS"));

  host.channel.tls_exporter = "exported";
  host.feed("STLS\r\n");
  capabilities = host.ask("CAPA\r\n");
  EXPECT_TRUE(has_line(capabilities, "USER"));
  EXPECT_TRUE(has_line(capabilities, "SASL PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS"));
  EXPECT_FALSE(has_line(capabilities, "STLS"));
}

TEST(Pop3Session, NamesItsSoftwareOnlyToThoseLoggedIn) {
  fake_host host(ordinary_settings());
  EXPECT_EQ(host.ask("CAPA\r\n").find("IMPLEMENTATION"), bytes::npos);
  auto inside = logged_in();
  EXPECT_NE(inside.ask("CAPA\r\n").find("IMPLEMENTATION"), bytes::npos);
}

TEST(Pop3Session, TakesAPasswordWithSpaces) {
  session under_test(ordinary_settings(), false, {});
  const auto todo = under_test.feed("USER alice\r\nPASS  two  spaces \r\n", instant{});
  const auto* asked = std::get_if<sasl::verify_password>(&todo.back());
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->password, " two  spaces ");
}

TEST(Pop3Session, TellsWhyALoginFailedInResponseCodes) {
  const auto after = [](sasl::login_outcome outcome) {
    fake_host host(ordinary_settings());
    host.right_password_gives = outcome;
    return host.ask("USER alice\r\nPASS secret\r\n");
  };
  using enum sasl::login_outcome;
  EXPECT_NE(after(wrong_credentials).find("-ERR [AUTH]"), bytes::npos);
  EXPECT_NE(after(not_permitted).find("-ERR [AUTH]"), bytes::npos);
  EXPECT_NE(after(too_many_failures).find("-ERR [LOGIN-DELAY]"), bytes::npos);
  EXPECT_NE(after(temporary_failure).find("-ERR [SYS/TEMP]"), bytes::npos);
}

TEST(Pop3Session, ClosesAfterTooManyFailedLogins) {
  fake_host host(ordinary_settings());
  host.right_password_gives = sasl::login_outcome::too_many_failures;
  host.feed("USER alice\r\nPASS secret\r\n");
  EXPECT_TRUE(host.closed);
}

TEST(Pop3Session, SaysSysTempAndClosesWhenTheMaildropCannotBeRead) {
  fake_host host(ordinary_settings());
  host.maildrop_opens = false;
  EXPECT_NE(host.ask("USER alice\r\nPASS secret\r\nSTAT\r\n").find("-ERR [SYS/TEMP]"), bytes::npos);
  EXPECT_TRUE(host.closed);
}

TEST(Pop3Session, LogsInByPlainWithAndWithoutAnInitialResponse) {
  const auto response = base64_encode(bytes_view("\0alice\0secret", 13));
  fake_host at_once(ordinary_settings());
  EXPECT_EQ(at_once.ask("AUTH PLAIN " + response + "\r\n"), "+OK 0 0\r\n");
  fake_host in_two(ordinary_settings());
  EXPECT_EQ(in_two.ask("AUTH plain\r\n"), "+ \r\n");
  EXPECT_EQ(in_two.ask(response + "\r\n"), "+OK 0 0\r\n");
}

TEST(Pop3Session, TakesAnEqualsSignAsTheEmptyInitialResponse) {
  fake_host host(ordinary_settings());
  EXPECT_EQ(host.ask("AUTH PLAIN =\r\n"), "-ERR The mechanism's rules were not kept\r\n");
}

TEST(Pop3Session, LetsAClientCancelAnExchange) {
  fake_host host(ordinary_settings());
  EXPECT_EQ(host.ask("AUTH PLAIN\r\n*\r\nNOOP\r\n"), "+ \r\n-ERR Cancelled\r\n-ERR Not allowed now\r\n");
}

TEST(Pop3Session, RefusesAMechanismThatWaitsForTls) {
  auto settings = ordinary_settings();
  settings.login_needs_tls = true;
  fake_host host(settings);
  EXPECT_EQ(host.ask("AUTH PLAIN\r\n"), "-ERR Start TLS first\r\n");
  EXPECT_EQ(host.ask("USER alice\r\n"), "-ERR Start TLS first\r\n");
  EXPECT_EQ(host.ask("AUTH SCRAM-SHA-256-PLUS\r\n"), "-ERR Unknown mechanism\r\n");
}

TEST(Pop3Session, AsksForANewNonceAfterOneWasUsed) {
  session under_test(ordinary_settings(), false, {});
  EXPECT_TRUE(under_test.wants_nonce());
  under_test.give_nonce("a nonce of eighteen octets or more");
  EXPECT_FALSE(under_test.wants_nonce());
  under_test.feed("AUTH SCRAM-SHA-256\r\n*\r\n", instant{});
  EXPECT_TRUE(under_test.wants_nonce());
}

TEST(Pop3Session, SendsMessagesInPiecesOfAnySize) {
  for (size_t piece_bytes = 1; piece_bytes < 40; ++piece_bytes) {
    auto host = logged_in();
    host.piece_bytes = piece_bytes;
    EXPECT_EQ(host.ask("RETR 2\r\n"),
              "+OK 35 octets\r\nSubject: dots\r\n\r\n..\r\n...two\r\n..three\r\n.\r\n");
  }
}

TEST(Pop3Session, StopsReadingOnceTopHasItsLines) {
  auto host = logged_in();
  host.mail[0].content.append(100000, 'x');
  host.piece_bytes = 10;
  EXPECT_EQ(host.ask("TOP 1 1\r\n"), "+OK Top of message follows\r\nSubject: one\r\n\r\nfirst line\r\n.\r\n");
  EXPECT_LE(host.pieces_given, 3u);
}

TEST(Pop3Session, AnswersWhatIsPipelinedBehindATopThatEndedEarly) {
  auto host = logged_in();
  host.piece_bytes = 3;
  EXPECT_EQ(host.ask("TOP 1 0\r\nTOP 2 0\r\nRETR 3\r\nNOOP\r\n"),
            "+OK Top of message follows\r\nSubject: one\r\n\r\n.\r\n"
            "+OK Top of message follows\r\nSubject: dots\r\n\r\n.\r\n"
            "+OK 27 octets\r\nSubject: cut\r\n\r\nno line end\r\n.\r\n+OK\r\n");
}

TEST(Pop3Session, RefusesAMessageThatCannotBeRead) {
  auto host = logged_in();
  host.unreadable_uid = 5;
  EXPECT_EQ(host.ask("RETR 2\r\nNOOP\r\n"), "-ERR [SYS/TEMP] The message cannot be read now\r\n+OK\r\n");
}

TEST(Pop3Session, CutsTheLineWhenAMessageBreaksOff) {
  auto host = logged_in();
  host.cut_off_uid = 3;
  host.piece_bytes = 10;
  const auto seen = host.ask("RETR 1\r\nNOOP\r\n");
  EXPECT_EQ(seen, "+OK 53 octets\r\nSubject: o");
  EXPECT_TRUE(host.closed);
}

TEST(Pop3Session, RemovesOnlyAtQuit) {
  auto host = logged_in();
  host.feed("DELE 1\r\nDELE 3\r\n");
  EXPECT_TRUE(host.removed.empty());
  EXPECT_EQ(host.ask("QUIT\r\n"), "+OK Marked messages removed, goodbye\r\n");
  EXPECT_EQ(host.removed, (std::vector<uint32_t>{3, 9}));
  EXPECT_TRUE(host.closed);
}

TEST(Pop3Session, RemovesNothingWhenTheLineBreaks) {
  auto host = logged_in();
  host.feed("DELE 1\r\n");
  host.seen.clear();
  host.perform(host.under_test.on_timeout());
  EXPECT_TRUE(host.removed.empty());
  EXPECT_EQ(host.seen, "") << "RFC 1939 3: without sending any response";
  EXPECT_TRUE(host.closed);
}

TEST(Pop3Session, TellsWhenMarkedMessagesCouldNotBeRemoved) {
  auto host = logged_in();
  host.removing_works = false;
  EXPECT_EQ(host.ask("DELE 1\r\nQUIT\r\n"),
            "+OK Marked for deletion\r\n-ERR [SYS/TEMP] Some marked messages were not removed\r\n");
}

TEST(Pop3Session, EndsAfterTheLastBadCommandAllowed) {
  auto settings = ordinary_settings();
  settings.max_bad_commands = 2;
  fake_host host(settings);
  EXPECT_EQ(host.ask("GARBAGE\r\nRETR\r\nCAPA\r\n"),
            "-ERR Unknown command\r\n-ERR Too many bad commands\r\n");
  EXPECT_TRUE(host.closed);
}

TEST(Pop3Session, TakesAnyNumberOfBadCommandsWhereThereIsNoLimit) {
  auto settings = ordinary_settings();
  settings.max_bad_commands = 0;
  fake_host host(settings);
  for (int i = 0; i < 100; ++i) host.feed("GARBAGE\r\n");
  EXPECT_FALSE(host.closed);
}

TEST(Pop3Session, DoesNotCountMessagesThatDoNotExistAsBadCommands) {
  auto host = logged_in();
  for (int i = 0; i < 100; ++i) host.feed("RETR 99\r\n");
  EXPECT_FALSE(host.closed);
}

TEST(Pop3Session, DropsALineThatNeverEnds) {
  fake_host host(ordinary_settings());
  host.seen.clear();
  for (int i = 0; i < 1000; ++i) host.feed(bytes(1000, 'x'));
  EXPECT_EQ(host.seen, "-ERR Line too long\r\n");
  EXPECT_EQ(host.ask("\r\nQUIT\r\n"), "+OK Goodbye\r\n");
}

TEST(Pop3Session, BoundsWhatPipelinedListingsCanAskFor) {
  fake_host host(ordinary_settings());
  host.mail.assign(100000, {1, "x"});
  host.feed("USER alice\r\nPASS secret\r\n");
  bytes many;
  for (int i = 0; i < 2000; ++i) many += "LIST\r\n";
  EXPECT_LT(host.ask(many).size(), 20u * 1024 * 1024);
  EXPECT_NE(host.ask("LIST\r\n").find("\r\n100000 1\r\n.\r\n"), bytes::npos);
}

TEST(Pop3Session, SaysGoodbyeWhenTheServerStops) {
  auto host = logged_in();
  host.perform(host.under_test.on_shutdown());
  EXPECT_EQ(host.seen, "-ERR [SYS/TEMP] The server is going down, try again later\r\n");
  EXPECT_TRUE(host.closed);
}

TEST(Pop3Session, IgnoresAnswersToQuestionsItDidNotAsk) {
  auto host = logged_in();
  host.perform(host.under_test.on_login(sasl::login_outcome::accepted));
  host.perform(host.under_test.on_body("x", true, false));
  host.perform(host.under_test.on_deleted(true));
  EXPECT_EQ(host.seen, "");
  EXPECT_FALSE(host.closed);
}

} // namespace
} // namespace stagepost::pop3
