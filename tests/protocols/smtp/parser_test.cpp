#include "protocols/smtp/parser.hpp"

#include <gtest/gtest.h>

namespace stagepost::smtp {
namespace {

std::string sender_of(std::string_view argument) {
  const auto given = parse_mail(argument);
  return given ? given->sender : "refused: " + std::string(line_of(given.error().code).enhanced);
}

std::string recipient_of(std::string_view argument) {
  const auto given = parse_rcpt(argument, false);
  return given ? given->address : "refused: " + std::string(line_of(given.error().code).enhanced);
}

reply_kind refusal_of_mail(std::string_view argument) {
  const auto given = parse_mail(argument);
  return given ? reply_kind::okay : given.error().code;
}

reply_kind refusal_of_rcpt(std::string_view argument) {
  const auto given = parse_rcpt(argument, false);
  return given ? reply_kind::okay : given.error().code;
}

TEST(SmtpCommand, KnowsVerbsInAnyCase) {
  EXPECT_EQ(parse_command("mAiL FROM:<>").verb, verb::mail);
  EXPECT_EQ(parse_command("MAIL  FROM:<> ").argument, "FROM:<>");
  EXPECT_EQ(parse_command("STARTTLS").verb, verb::starttls);
  EXPECT_EQ(parse_command("MAILFROM:<>").verb, verb::unknown);
  EXPECT_EQ(parse_command("").verb, verb::unknown);
  EXPECT_EQ(parse_command("GET / HTTP/1.1").verb, verb::foreign);
}

TEST(SmtpParser, TakesPaths) {
  EXPECT_EQ(sender_of("FROM:<a@b.test>"), "a@b.test");
  EXPECT_EQ(sender_of("from:<>"), "");
  EXPECT_EQ(sender_of("FROM: <a@b.test>"), "a@b.test");
  EXPECT_EQ(sender_of("FROM:<@x.test,@y.test:a@b.test>"), "a@b.test");
  EXPECT_EQ(sender_of(R"(FROM:<"a>b \" c"@b.test> SIZE=1)"), R"("a>b \" c"@b.test)");
  EXPECT_EQ(sender_of("FROM:<a@[192.0.2.1]>"), "a@[192.0.2.1]");
  EXPECT_EQ(recipient_of("TO:<Postmaster>"), "Postmaster");
  EXPECT_EQ(recipient_of("TO:<a@b.test>"), "a@b.test");
}

TEST(SmtpParser, RefusesWhatIsNoPath) {
  for (const auto* text :
       {"", "FROM", "FROM:", "FROM:a@b.test", "FROM:<a@b.test", "FROM:a@b.test>", "FROM:<a>",
        "FROM:<a@b.test>x", "FROM:<<a@b.test>>", "FROM:<a b@c.test>", "FROM:<@x.test>", "FROM:<a@b@c.test>",
        "TO:<a@b.test>", "FROM :<a@b.test>", "FROM:<\"a@b.test>"})
    EXPECT_EQ(sender_of(text), "refused: 5.1.7") << text;
  for (const auto* text : {"TO:<>", "TO:<a>", "TO:a@b.test", "TO:<a@b..test>", "TO:<@x:>"})
    EXPECT_EQ(recipient_of(text), "refused: 5.1.3") << text;
}

TEST(SmtpParser, TakesTheParametersOfMail) {
  const auto given = parse_mail("FROM:<a@b.test> SIZE=12345 body=8BitMime RET=HDRS ENVID=q+2B1 AUTH=<>");
  ASSERT_TRUE(given);
  EXPECT_EQ(given->size_bytes, 12345u);
  EXPECT_EQ(given->body, body_type::eight_bit_mime);
  EXPECT_EQ(given->ret, return_content::headers);
  EXPECT_EQ(given->envelope_id, "q+1");
  EXPECT_FALSE(given->smtp_utf8);
  EXPECT_EQ(parse_mail("FROM:<> BODY=BINARYMIME")->body, body_type::binary_mime);
  EXPECT_EQ(parse_mail("FROM:<> BODY=7BIT  RET=FULL")->ret, return_content::full);
  EXPECT_TRUE(parse_mail("FROM:<> AUTH=a+2Bb@c.test"));
}

TEST(SmtpParser, RefusesWrongParametersOfMail) {
  for (const auto* text : {"SIZE", "SIZE=", "SIZE=-1", "SIZE=1 SIZE=2", "SIZE=99999999999999999999",
                           "BODY=9BIT", "RET=ALL", "ENVID=a+0Ab", "AUTH=nobody", "SMTPUTF8=yes"}) {
    const auto why = refusal_of_mail("FROM:<a@b.test> " + std::string(text));
    EXPECT_TRUE(why == reply_kind::bad_parameter_value || why == reply_kind::syntax_error) << text;
  }
  EXPECT_EQ(refusal_of_mail("FROM:<> ENVID=" + std::string(101, 'x')), reply_kind::bad_parameter_value);
  EXPECT_EQ(refusal_of_mail("FROM:<> FOO=bar"), reply_kind::unknown_parameter);
  EXPECT_EQ(refusal_of_mail("FROM:<> NOTIFY=NEVER"), reply_kind::unknown_parameter);
  EXPECT_EQ(refusal_of_mail("FROM:<> =x"), reply_kind::syntax_error);
}

TEST(SmtpParser, TakesUtf8AddressesOnlyWithSmtpUtf8) {
  EXPECT_EQ(refusal_of_mail("FROM:<j\xc3\xb6@b.test>"), reply_kind::needs_smtp_utf8);
  EXPECT_EQ(refusal_of_mail("FROM:<j\xc3\xb6@b.test> SMTPUTF8"), reply_kind::okay);
  EXPECT_EQ(refusal_of_mail("FROM:<j\xf6@b.test> SMTPUTF8"), reply_kind::bad_sender_syntax);
  EXPECT_EQ(refusal_of_rcpt("TO:<j\xc3\xb6@b.test>"), reply_kind::needs_smtp_utf8);
  EXPECT_TRUE(parse_rcpt("TO:<j\xc3\xb6@b.test>", true));
}

TEST(SmtpParser, TakesTheParametersOfRcpt) {
  const auto given = parse_rcpt("TO:<a@b.test> NOTIFY=success,DELAY ORCPT=rfc822;Bob+2Bx@b.test", false);
  ASSERT_TRUE(given);
  EXPECT_EQ(given->notify, notify_success | notify_delay);
  EXPECT_EQ(given->original_recipient, "rfc822;Bob+x@b.test");
  EXPECT_EQ(parse_rcpt("TO:<a@b.test> NOTIFY=NEVER", false)->notify, notify_never);
}

TEST(SmtpParser, RefusesWrongParametersOfRcpt) {
  for (const auto* text :
       {"NOTIFY=", "NOTIFY=NEVER,DELAY", "NOTIFY=SUCCESS,", "NOTIFY=,DELAY", "NOTIFY=SOON", "ORCPT=x",
        "ORCPT=;x", "ORCPT=rfc822;", "ORCPT=rfc822;a+0Db", "NOTIFY=DELAY NOTIFY=DELAY"}) {
    const auto why = refusal_of_rcpt("TO:<a@b.test> " + std::string(text));
    EXPECT_TRUE(why == reply_kind::bad_parameter_value || why == reply_kind::syntax_error) << text;
  }
  EXPECT_EQ(refusal_of_rcpt("TO:<a@b.test> SIZE=1"), reply_kind::unknown_parameter);
}

TEST(SmtpParser, TakesChunks) {
  EXPECT_EQ(parse_bdat("0 last")->last, true);
  EXPECT_EQ(parse_bdat("18446744073709551615")->size_bytes, ~uint64_t(0));
  for (const auto* text : {"", "LAST", "1 2", "1 LAST x", "-1", "18446744073709551616"})
    EXPECT_FALSE(parse_bdat(text)) << text;
}

TEST(SmtpParser, TakesNamesThatCanStandInATraceLine) {
  for (const auto* name : {"client.example", "[192.0.2.1]", "[IPv6:::1]", "my_host", "localhost"})
    EXPECT_TRUE(is_hello_name(name)) << name;
  for (const auto* name : {"", "a b", "a(b)", "a<b>", "a;b", "\xc3\xb6.example", "a\tb", "a\"b"})
    EXPECT_FALSE(is_hello_name(name)) << name;
}

} // namespace
} // namespace stagepost::smtp
