#include "protocols/mime/digest_builder.hpp"

#include <gtest/gtest.h>

namespace stagepost::mime {
namespace {

digest in_pieces(bytes_view message, size_t size) {
  digest_builder builder;
  for (size_t at = 0; at < message.size(); at += size) builder.feed(message.substr(at, size));
  return builder.finish();
}

const bytes sample =
    "From: a@b\r\nContent-Type: multipart/mixed;\r\n boundary=\"b--\"\r\n\r\npre\r\r\n--b--\r\n"
    "Content-Type: multipart/alternative; boundary=b\n\n--b\n\none\r\n--b--\n--b----\r\n--b--\r\n";

TEST(MimeDigestBuilder, GivesTheSameDigestForEveryCutInTwo) {
  const auto whole = make_digest(sample);
  for (size_t cut = 0; cut <= sample.size(); ++cut) {
    digest_builder builder;
    builder.feed(bytes_view(sample).substr(0, cut));
    builder.feed(bytes_view(sample).substr(cut));
    EXPECT_EQ(builder.finish(), whole) << cut;
  }
}

TEST(MimeDigestBuilder, GivesTheSameDigestForPiecesOfEverySize) {
  const auto whole = make_digest(sample);
  for (size_t size = 1; size < 40; ++size) EXPECT_EQ(in_pieces(sample, size), whole) << size;
}

TEST(MimeDigestBuilder, GivesTheSameDigestForLinesLongerThanAnyBoundary) {
  for (const size_t length : {1000u, 1063u, 1064u, 1065u, 1066u, 5000u}) {
    const bytes boundary(1000, 'b');
    const bytes message = "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary +
                          bytes(length - 1000, ' ') + "\r\n\r\nx\r\n--" + boundary + "--\r\n";
    const auto whole = make_digest(message);
    ASSERT_EQ(whole.root.children.size(), 1u) << length;
    for (const size_t size : {1u, 3u, 1001u, 1066u})
      EXPECT_EQ(in_pieces(message, size), whole) << length << ' ' << size;
  }
}

TEST(MimeDigestBuilder, MakesTheDigestOfNothing) {
  digest_builder builder;
  EXPECT_EQ(builder.finish(), make_digest(""));
}

TEST(MimeDigestBuilder, ReadsABoundaryInTheFormsOfRfc2231) {
  const bytes body = "\r\n--a b\r\n\r\nx\r\n--a b--\r\n";
  for (const bytes form : {"boundary*=us-ascii''a%20b", "boundary*0=\"a \"; boundary*1=b",
                           "boundary*1*=%20b; boundary*0*=''a", "BOUNDARY*=''a%20b"}) {
    const auto found = make_digest("Content-Type: multipart/mixed; " + form + "\r\n" + body);
    EXPECT_EQ(found.root.type, "multipart") << form;
    ASSERT_EQ(found.root.children.size(), 1u) << form;
    EXPECT_EQ(found.root.children[0].body_size, 1u) << form;
  }
  // The plain form is what most readers look for; it is not decoded.
  const auto both = make_digest("Content-Type: multipart/mixed; boundary*=''x; boundary=\"a b\"\r\n" + body);
  EXPECT_EQ(both.root.children.size(), 1u);
}

} // namespace
} // namespace stagepost::mime
