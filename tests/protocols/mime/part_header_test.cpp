#include "protocols/mime/part_header.hpp"

#include <gtest/gtest.h>

namespace stagepost::mime {
namespace {

part read(bytes_view block, default_type otherwise = default_type::text) {
  part out;
  header_budget budget;
  read_part_header(block, otherwise, out, nullptr, budget);
  return out;
}

TEST(MimePartHeader, FallsBackToPlainTextOrToAMessageInADigest) {
  EXPECT_EQ(read("").type, "text");
  EXPECT_EQ(read("").parameters, (parameter_list{{"charset", "us-ascii"}}));
  EXPECT_EQ(read("", default_type::message).subtype, "rfc822");
  EXPECT_EQ(read("Content-Type: a/b/c\r\n").type, "text");
  EXPECT_EQ(read("Content-Type: text/html\r\n", default_type::message).subtype, "html");
}

TEST(MimePartHeader, ReadsEncodingsWithCommentsAndSemicolons) {
  EXPECT_EQ(read("Content-Transfer-Encoding: Base64 (really)\r\n").encoding, "base64");
  EXPECT_EQ(read("Content-Transfer-Encoding: quoted-printable;\r\n").encoding, "quoted-printable");
  EXPECT_EQ(read("Content-Transfer-Encoding: \r\n").encoding, "7bit");
}

TEST(MimePartHeader, TakesADispositionWithoutAKindAsAnAttachment) {
  EXPECT_EQ(read("Content-Disposition: ; filename=x\r\n").disposition, "attachment");
  EXPECT_EQ(read("Content-Disposition: \r\n").disposition, "");
}

TEST(MimePartHeader, ReadsFoldedQuotedAndCommentedLocations) {
  EXPECT_EQ(read("Content-Location: \"ftp://e.org/a/\r\n  b/\r\n c\"\r\n").location, "ftp://e.org/a/b/c");
  EXPECT_EQ(read("Content-Location: (before) http://e.org/x(1).png (after)\r\n").location,
            "http://e.org/x(1).png");
}

TEST(MimePartHeader, StopsWhereTheBudgetEnds) {
  part out;
  envelope fields;
  header_budget budget{2, 1};
  read_part_header("To: a@b, c@d, e@f\r\nContent-Type: a/b; x=y; z=w\r\n", default_type::text, out, &fields,
                   budget);
  EXPECT_EQ(fields.to.size(), 2u);
  EXPECT_EQ(out.parameters.size(), 1u);
}

} // namespace
} // namespace stagepost::mime
