#include "protocols/mime/header.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace stagepost::mime {
namespace {

std::vector<header_field> all(bytes_view block) {
  std::vector<header_field> out;
  for (const auto& field : header_fields(block)) out.push_back(field);
  return out;
}

TEST(MimeHeader, GivesNameValueAndPlaceOfEachField) {
  const bytes_view block = "From: a@b\r\nSubject: one\r\n two\r\n\r\nbody: no\r\n";
  const auto fields = all(block);
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[0].name, "From");
  EXPECT_EQ(fields[0].value, " a@b");
  EXPECT_EQ(fields[1].name, "Subject");
  EXPECT_EQ(fields[1].value, " one\r\n two");
  EXPECT_EQ(fields[1].offset, 11u);
  EXPECT_EQ(block.substr(fields[1].offset, fields[1].size), "Subject: one\r\n two\r\n");
}

TEST(MimeHeader, ReadsBareNewlinesAndAMissingLastOne) {
  const auto fields = all("A: 1\nB: 2\n\t3\nC:4");
  ASSERT_EQ(fields.size(), 3u);
  EXPECT_EQ(unfold(fields[1].value), "2\t3");
  EXPECT_EQ(fields[2].value, "4");
}

TEST(MimeHeader, DeliversLinesThatAreNoFieldsWithoutAName) {
  const auto fields =
      all(" lost fold\r\nFrom someone Sat\r\nno colon\r\nbad name: x\r\n: y\r\nGood : z\r\n\r\n");
  ASSERT_EQ(fields.size(), 6u);
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(fields[i].name, "") << i;
  EXPECT_EQ(fields[1].value, "From someone Sat");
  EXPECT_EQ(fields[5].name, "Good");
}

TEST(MimeHeader, CoversEveryOctetOfTheBlockBeforeTheEmptyLine) {
  const bytes_view block = "a: b\r\n \r\n junk\r\nx\n\r\nbody";
  size_t end = 0;
  for (const auto& field : header_fields(block)) {
    EXPECT_EQ(field.offset, end);
    end = field.offset + field.size;
  }
  EXPECT_EQ(block.substr(end), "\r\nbody");
}

TEST(MimeHeader, EndsTheBlockAfterTheFirstEmptyLine) {
  EXPECT_EQ(header_block("a: b\r\n\r\nbody"), "a: b\r\n\r\n");
  EXPECT_EQ(header_block("a: b\n\nbody\n\n"), "a: b\n\n");
  EXPECT_EQ(header_block("\r\nbody"), "\r\n");
  EXPECT_EQ(header_block("a: b\r\n"), "a: b\r\n");
  EXPECT_EQ(header_block(""), "");
}

TEST(MimeHeader, FindsAFieldWhateverItsCase) {
  const auto found = find_field("X: 1\r\nMessage-ID: <a>\r\nmessage-id: <b>\r\n\r\n", "MESSAGE-id");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(unfold(found->value), "<a>");
  EXPECT_FALSE(find_field("X: 1\r\n\r\nY: 2\r\n", "Y").has_value());
}

TEST(MimeHeader, UnfoldsToOneLineWithoutControlOctets) {
  EXPECT_EQ(unfold(" a\r\n b\n\tc "), "a b\tc");
  EXPECT_EQ(unfold(std::string_view("a\0b\rc\nd", 7)), "a b c d");
  EXPECT_EQ(unfold(" \r\n \r\n "), "");
}

TEST(MimeHeader, KnowsWhatAFieldNameMayHold) {
  EXPECT_TRUE(is_field_name("X-Spam_1.2!"));
  for (const auto* name : {"", "a b", "a:", "\xc3\xa4", "a\t"}) EXPECT_FALSE(is_field_name(name)) << name;
}

} // namespace
} // namespace stagepost::mime
