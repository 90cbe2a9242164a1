#include "protocols/search/message_text.hpp"

#include <gtest/gtest.h>

namespace stagepost::search {
namespace {

const bytes message =
    "From: =?utf-8?q?B=C3=B6b?= <bob@example.com>\r\n"
    "Subject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n"
    "DKIM-Signature: v=1; b=Zm9vYmFy\r\n"
    "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    "--x\r\nContent-Type: text/plain; charset=koi8-r\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=F0=D2=C9=D7=C5=D4\r\n"
    "--x\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "PGI+bWFyazwvYj51cCAmYW1wOw==\r\n"
    "--x\r\nContent-Type: application/pdf; name=bill.pdf\r\n\r\nsecret octets\r\n"
    "--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nenclosed text\r\n--x--\r\n";

std::string body_of(const bytes& whole, size_t limit = SIZE_MAX) {
  return body_text(
      mime::make_digest(whole),
      [&](mime::extent where) { return bytes_view(whole).substr(where.offset, where.size); }, limit);
}

TEST(MessageText, IsWhatOneReads) {
  const auto text = body_of(message);
  EXPECT_NE(text.find("Привет"), text.npos);
  EXPECT_NE(text.find("markup &"), text.npos);
  EXPECT_NE(text.find("bill.pdf"), text.npos);
  EXPECT_NE(text.find("Subject: inner"), text.npos);
  EXPECT_NE(text.find("enclosed text"), text.npos);
  EXPECT_EQ(text.find("secret"), text.npos);
}

TEST(MessageText, OfTheHeaderHasAllFieldsButNoSignatures) {
  const auto text = header_text(message);
  EXPECT_NE(text.find("From: Böb <bob@example.com>\n"), text.npos);
  EXPECT_NE(text.find("Subject: Grüße\n"), text.npos);
  EXPECT_NE(text.find("DKIM-Signature: \n"), text.npos);
  EXPECT_EQ(text.find("Zm9v"), text.npos);
}

TEST(MessageText, StopsReadingAtItsLimit) {
  const auto text = body_of(message, 1);
  EXPECT_NE(text.find("Привет"), text.npos);
  EXPECT_EQ(text.find("markup"), text.npos);
}

TEST(MessageText, ReadsSubjectAndAddresses) {
  const auto digest = mime::make_digest(message);
  EXPECT_EQ(subject_text(digest), "Grüße");
  ASSERT_EQ(digest.envelope.from.size(), 1u);
  EXPECT_EQ(address_text(digest.envelope.from.front()), "Böb <bob@example.com>");
  EXPECT_EQ(subject_text(mime::make_digest("To: x\r\n\r\n")), std::nullopt);
}

} // namespace
} // namespace stagepost::search
