#include "protocols/smtp_client/command.hpp"

#include <gtest/gtest.h>

namespace stagepost::smtp_client {
namespace {

TEST(SmtpClientCommand, WritesXtext) {
  EXPECT_EQ(encode_xtext("a+b=c d\r\n", false), "a+2Bb+3Dc+20d+0D+0A");
  EXPECT_EQ(encode_xtext("\xc3\xbc", true), "\xc3\xbc");
  EXPECT_EQ(encode_xtext("\xc3\xbc", false), "+C3+BC");
}

TEST(SmtpClientCommand, WritesOriginalRecipientsInTheFormThePeerCanTake) {
  EXPECT_EQ(encode_original_recipient("rfc822;b+c@example.test", false), "rfc822;b+2Bc@example.test");
  // RFC 6533 3
  EXPECT_EQ(encode_original_recipient("utf-8;j\xc3\xb6rg+x@example.test", false),
            "utf-8;j\\x{F6}rg\\x{2B}x@example.test");
  EXPECT_EQ(encode_original_recipient("utf-8;j\xc3\xb6rg@example.test", true),
            "utf-8;j\xc3\xb6rg@example.test");
  EXPECT_EQ(encode_original_recipient("utf-8;j\\x{F6}rg@example.test", false),
            "utf-8;j\\x{F6}rg@example.test");
  EXPECT_EQ(encode_original_recipient("rfc822;\xf0\x9f\x98\x80@example.test", false),
            "utf-8;\\x{1F600}@example.test");
  EXPECT_EQ(encode_original_recipient("no type", false), "");
  EXPECT_EQ(encode_original_recipient("x y;z", false), "");
}

TEST(SmtpClientCommand, LeavesOutWhatThePeerDoesNotKnow) {
  smtp::envelope envelope;
  envelope.sender = "a@example.test";
  envelope.body = smtp::body_type::eight_bit_mime;
  envelope.ret = smtp::return_content::full;
  envelope.envelope_id = "x";
  EXPECT_EQ(mail_line({envelope, {}, 10, false, false}), "MAIL FROM:<a@example.test>\r\n");
  EXPECT_EQ(rcpt_line({"b@example.test", smtp::notify_success, "rfc822;b@example.test"}, {}, false),
            "RCPT TO:<b@example.test>\r\n");
}

TEST(SmtpClientCommand, PutsNothingOnTheWireThatIsNoAddress) {
  EXPECT_TRUE(is_sendable("", true));
  EXPECT_FALSE(is_sendable("", false));
  EXPECT_TRUE(is_sendable("\"a b\"@example.test", false));
  EXPECT_TRUE(is_sendable("a@[192.0.2.1]", false));
  for (const std::string_view bad :
       {"a@b> SIZE=1", "a@b\r\nDATA", "a b@example.test", "<a@b>", "a", "\xff@b.test"})
    EXPECT_FALSE(is_sendable(bad, true)) << bad;
}

} // namespace
} // namespace stagepost::smtp_client
