#include "protocols/mime/builder.hpp"

#include "protocols/base/text.hpp"
#include "protocols/mime/digest.hpp"
#include "protocols/mime/encoded_word.hpp"
#include "protocols/mime/encoding.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/text.hpp"

#include <gtest/gtest.h>

namespace stagepost::mime {
namespace {

TEST(MimeBuilder, WritesFieldsInOrder) {
  header_writer fields;
  fields.addresses("From", parse_addresses("\"Mail, System\" <mailer@e.org>"))
      .date("Date", *parse_date("22 Nov 2026 16:19:33 +0000"))
      .text("Subject", "Gr\xc3\xbc\xc3\x9f"
                       "e")
      .raw("Message-ID", "<1@e.org>")
      .parameterized("Content-Type", "text/plain", {{"charset", "utf-8"}});
  EXPECT_EQ(fields.fields(), "From: \"Mail, System\" <mailer@e.org>\r\n"
                             "Date: Sun, 22 Nov 2026 16:19:33 +0000\r\n"
                             "Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"
                             "Message-ID: <1@e.org>\r\n"
                             "Content-Type: text/plain; charset=utf-8\r\n");
}

TEST(MimeBuilder, WritesGroupsAndListsThatReadBack) {
  for (const auto* value : {"a@b.c, D E <d@e.f>", "G: a@b.c, d@e.f;", "x@y.z, Undisclosed:;, k@l.m"}) {
    header_writer fields;
    fields.addresses("To", parse_addresses(value));
    EXPECT_EQ(parse_addresses(find_field(fields.fields(), "To")->value), parse_addresses(value))
        << fields.fields();
  }
}

TEST(MimeBuilder, FoldsLongFieldsAtWhiteSpace) {
  std::string subject;
  for (int i = 0; i < 60; ++i) subject += "word" + std::to_string(i) + ' ';
  subject.pop_back();
  header_writer fields;
  fields.text("Subject", subject).text("Comments", subject + "\xc3\xa4");
  for (std::string_view left = fields.fields(); !left.empty();) EXPECT_LE(take_until(left, '\n').size(), 79u);
  EXPECT_EQ(unfold(find_field(fields.fields(), "Subject")->value), subject);
  EXPECT_EQ(decode_header_text(find_field(fields.fields(), "Comments")->value), subject + "\xc3\xa4");
}

TEST(MimeBuilder, LetsNoValueAddAField) {
  const std::string evil = "x\r\nBcc: evil@e.org\r\n\r\nbody";
  header_writer fields;
  fields.text("Subject", evil).raw("X-Raw", evil).parameterized("X-P", evil, {{"n", evil}});
  fields.addresses("To", {{address_kind::mailbox, evil, {}, evil, evil}});
  size_t count = 0;
  for (const auto& field : header_fields(fields.fields())) {
    EXPECT_NE(field.name, "Bcc");
    EXPECT_NE(field.name, "");
    ++count;
  }
  EXPECT_EQ(count, 4u);
  EXPECT_EQ(fields.fields().find("\r\n\r\n"), bytes::npos);
}

TEST(MimeBuilder, WritesTextInThePlainestEncoding) {
  EXPECT_EQ(text_part("hello\nworld\n").body, "hello\r\nworld\r\n");
  EXPECT_NE(text_part("hello").header.find("7bit"), bytes::npos);
  const auto part = text_part("caf\xc3\xa9\n", "html");
  EXPECT_EQ(part.body, "caf=C3=A9\r\n");
  EXPECT_NE(part.header.find("text/html; charset=utf-8"), bytes::npos);
  EXPECT_NE(text_part(std::string(2000, 'x')).header.find("quoted-printable"), bytes::npos);
}

TEST(MimeBuilder, WritesAMultipartThatIsReadAsWritten) {
  const bytes original = "From: a@b.c\r\nSubject: lost\r\n\r\n--not a boundary\r\n";
  const std::vector<written_part> parts = {
      text_part("Could not deliver \xe2\x82\xac.\n"), embedded_part("message/rfc822", original),
      attachment_part("application/pdf", bytes(500, '\0'), "\xc3\xbc b.pdf")};
  const auto boundary = make_boundary("0123456789abcdef", parts);
  header_writer fields;
  fields.text("Subject", "Undelivered");
  const auto message =
      write_message(fields, multipart("report", {{"report-type", "delivery-status"}}, parts, boundary));

  const auto made = make_digest(message);
  EXPECT_EQ(made.envelope.subject, "Undelivered");
  EXPECT_EQ(made.root.subtype, "report");
  EXPECT_EQ(raw_parameter(made.root.parameters, "report-type"), "delivery-status");
  ASSERT_EQ(made.root.children.size(), 3u);
  const auto body = [&](size_t i) {
    return bytes_view(message).substr(made.root.children[i].body_offset, made.root.children[i].body_size);
  };
  EXPECT_EQ(searchable_text(body(0), made.root.children[0]), "Could not deliver \xe2\x82\xac.\r\n");
  EXPECT_EQ(body(1), original);
  EXPECT_EQ(made.root.children[1].enclosed->subject, "lost");
  EXPECT_EQ(decode_body(body(2), transfer_encoding::base64), bytes(500, '\0'));
  EXPECT_EQ(decoded_parameter(made.root.children[2].disposition_parameters, "filename"), "\xc3\xbc b.pdf");
}

TEST(MimeBuilder, TakesABoundaryThatNoPartHolds) {
  const auto first = make_boundary("0123456789abcdef", {});
  const std::vector<written_part> parts = {{"", "--" + first + "\r\n"}};
  const auto second = make_boundary("0123456789abcdef", parts);
  EXPECT_NE(first, second);
  EXPECT_EQ(parts[0].body.find("--" + second), bytes::npos);
}

} // namespace
} // namespace stagepost::mime
