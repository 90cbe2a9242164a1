#include "protocols/base/text.hpp"
#include "protocols/mime/digest.hpp"

#include <gtest/gtest.h>
#include <random>

namespace stagepost::mime {
namespace {

const bytes message =
    "From: Ann <a@b.c>\r\nReply-To: r@b.c\r\nTo: g: x@y;\r\nSubject: hi\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Disposition: attachment; filename=f\r\nContent-Language: de, fr\r\n\r\ntext\r\n"
    "--b\r\nContent-Type: message/rfc822\r\nContent-ID: <i>\r\n\r\nSubject: in\r\n\r\nx\r\n--b--\r\n";

TEST(MimeDigestRecord, GivesBackWhatWasStored) {
  const auto made = make_digest(message);
  const auto read = decode(encode(made));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, made);
}

// Stored: when this fails, mail that is already on disk can no longer be listed.
TEST(MimeDigestRecord, KeepsItsForm) {
  EXPECT_EQ(to_hex(encode(make_digest("From: a@b\r\nSubject: s\r\n\r\nx\r\n"))),
            "011c"                     // version, size
            "020173010001610162000000" // envelope: subject, from
            "000474657874"             // part: bits, type
            "05706c61696e"             // subtype
            "01076368617273657408"
            "75732d6173636969" // parameters
            "0437626974"       // encoding
            "0019030100");     // header offset and size, body size, lines, children
}

TEST(MimeDigestRecord, RefusesAnUnknownVersion) {
  auto record = encode(make_digest(message));
  record[0] = 2;
  const auto read = decode(record);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, errc::unknown_version);
}

TEST(MimeDigestRecord, RefusesEveryCutAndEveryExtension) {
  const auto record = encode(make_digest(message));
  for (size_t size = 0; size < record.size(); ++size)
    EXPECT_FALSE(decode(record.substr(0, size)).ok()) << size;
  EXPECT_FALSE(decode(record + '\0').ok());
}

void expect_inside(const part& p, uint64_t size) {
  EXPECT_LE(p.header_offset, size);
  EXPECT_LE(p.body_offset, size);
  EXPECT_LE(p.body_size, size - p.body_offset);
  for (const auto& child : p.children) expect_inside(child, size);
}

TEST(MimeDigestRecord, AcceptsOnlyOffsetsInsideTheMessageWhateverTheDamage) {
  const auto record = encode(make_digest(message));
  std::minstd_rand random(7);
  for (int i = 0; i < 20'000; ++i) {
    auto damaged = record;
    for (int k = 0; k < 1 + i % 3; ++k) damaged[1 + random() % (damaged.size() - 1)] = char(random());
    if (const auto read = decode(damaged)) expect_inside(read->root, read->size);
  }
}

} // namespace
} // namespace stagepost::mime
