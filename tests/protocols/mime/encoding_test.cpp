#include "protocols/mime/encoding.hpp"

#include "protocols/base/text.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace stagepost::mime {
namespace {

bytes qp(bytes_view body) { return decode_body(body, transfer_encoding::quoted_printable); }
bytes b64(bytes_view body) { return decode_body(body, transfer_encoding::base64); }

bytes octet_by_octet(bytes_view body, transfer_encoding encoding) {
  body_decoder decoder(encoding);
  bytes out;
  for (size_t i = 0; i < body.size(); ++i) decoder.feed(body.substr(i, 1), out);
  decoder.finish(out);
  return out;
}

bytes all_octets() {
  bytes out;
  for (int i = 0; i < 1024; ++i) out.push_back(char(i * 7 + i / 256));
  return out;
}

TEST(MimeEncoding, KnowsTheEncodingsByName) {
  EXPECT_EQ(parse_transfer_encoding(" BASE64 "), transfer_encoding::base64);
  EXPECT_EQ(parse_transfer_encoding("Quoted-Printable"), transfer_encoding::quoted_printable);
  for (const auto* name : {"7bit", "8bit", "binary", "x-uuencode", ""})
    EXPECT_EQ(parse_transfer_encoding(name), transfer_encoding::identity);
}

TEST(MimeEncoding, DecodesQuotedPrintable) {
  EXPECT_EQ(qp("a=3Db=\r\nc=20\r\n"), "a=bc \r\n");
  EXPECT_EQ(qp("soft= \t\r\nbreak"), "softbreak");
  EXPECT_EQ(qp("trailing \t\r\nspace  \nhere "), "trailing\r\nspace\nhere");
  EXPECT_EQ(qp("low=c3=a4"), "low\xc3\xa4");
}

TEST(MimeEncoding, ShowsMalformedEscapesAsTheyAre) {
  EXPECT_EQ(qp("100=% =zz =4"), "100=% =zz =4");
  EXPECT_EQ(qp("x=4Gy"), "x=4Gy");
  EXPECT_EQ(qp("end="), "end");
  EXPECT_EQ(qp("a\rb"), "a\rb");
}

TEST(MimeEncoding, DecodesBase64WhateverStandsBetween) {
  EXPECT_EQ(b64("SGVs\r\nbG8="), "Hello");
  EXPECT_EQ(b64("S G*V\x80s\tbG8"), "Hello");
  EXPECT_EQ(b64("SGVsbG8=SGVsbG8="), "HelloHello");
  EXPECT_EQ(b64("S"), "");
  EXPECT_EQ(b64("===="), "");
}

TEST(MimeEncoding, DecodesTheSameInPieces) {
  for (const auto encoding :
       {transfer_encoding::quoted_printable, transfer_encoding::base64, transfer_encoding::identity})
    for (const bytes& body : {encode_quoted_printable(all_octets()), encode_base64_body(all_octets()),
                              all_octets(), bytes("a= \r\nb =\nc=4\r\n=\r =3D\r\r\n")})
      EXPECT_EQ(octet_by_octet(body, encoding), decode_body(body, encoding));
}

TEST(MimeEncoding, HoldsBackABoundedRunOfSpaces) {
  const bytes spaces(100'000, ' ');
  EXPECT_EQ(qp(spaces + "x"), spaces + "x");
}

TEST(MimeEncoding, WritesBase64InLinesOf76) {
  const auto written = encode_base64_body(all_octets());
  EXPECT_EQ(written.find("\r\n"), 76u);
  EXPECT_TRUE(written.ends_with("\r\n"));
  EXPECT_EQ(b64(written), all_octets());
  EXPECT_EQ(encode_base64_body(""), "");
}

TEST(MimeEncoding, WritesQuotedPrintableThatReadsBack) {
  const bytes text = "caf\xc3\xa9 = 1 \r\n.\r\nFrom me\r\ntab\t\r\n" + bytes(300, 'x') + " \r\n";
  const auto written = encode_quoted_printable(text);
  EXPECT_EQ(qp(written), text);
  EXPECT_TRUE(is_ascii(written));
  for (size_t from = 0; from < written.size();) {
    const auto end = written.find("\r\n", from);
    ASSERT_NE(end, written.npos);
    EXPECT_LE(end - from, 76u);
    EXPECT_FALSE(written.substr(from, 1) == "." || written.substr(from, 5) == "From ");
    from = end + 2;
  }
}

} // namespace
} // namespace stagepost::mime
