#include "protocols/mailauth/canonical.hpp"

#include "protocols/base/text.hpp"

#include <gtest/gtest.h>
#include <random>

namespace stagepost::mailauth {
namespace {

bytes field(canonicalization how, bytes_view text) {
  bytes out;
  append_canonical_field(out, how, text);
  return out;
}

bytes body(canonicalization how, const std::vector<bytes>& pieces) {
  bytes out;
  body_canonicalizer form(how, [&](bytes_view octets) { out += octets; });
  for (const auto& piece : pieces) form.feed(piece);
  form.finish();
  return out;
}

bytes relaxed(const bytes& text) { return body(canonicalization::relaxed, {text}); }
bytes simple(const bytes& text) { return body(canonicalization::simple, {text}); }

TEST(Canonical, MakesTheExamplesOfTheStandard) { // RFC 6376 3.4.5
  EXPECT_EQ(field(canonicalization::relaxed, "A: X\r\n"), "a:X\r\n");
  EXPECT_EQ(field(canonicalization::relaxed, "B : Y\t\r\n\tZ  \r\n"), "b:Y Z\r\n");
  EXPECT_EQ(field(canonicalization::simple, "B : Y\t\r\n\tZ  \r\n"), "B : Y\t\r\n\tZ  \r\n");
  const bytes text = " C \r\nD \t E\r\n\r\n\r\n";
  EXPECT_EQ(relaxed(text), " C\r\nD E\r\n");
  EXPECT_EQ(simple(text), " C \r\nD \t E\r\n");
}

TEST(Canonical, RelaxesFieldsWithOddSpace) {
  EXPECT_EQ(field(canonicalization::relaxed, "Subject:\r\n \r\n  a\t\t b\r\n"), "subject:a b\r\n");
  EXPECT_EQ(field(canonicalization::relaxed, "Subject:"), "subject:\r\n");
  EXPECT_EQ(field(canonicalization::relaxed, "X: a\rb\r\n"), "x:a\rb\r\n");
}

TEST(Canonical, TakesTheValueOutOfAnUnsignedField) {
  const bytes text = "X: a=1; b= QUJD ; c=2\r\n";
  const auto at = text.find("b=") + 2;
  bytes out;
  append_canonical_unsigned(out, canonicalization::simple, text, at, text.find(';', at) - at);
  EXPECT_EQ(out, "X: a=1; b=; c=2");
}

TEST(Canonical, EndsEmptyAndUnendedBodies) { // RFC 6376 3.4.3, 3.4.4
  EXPECT_EQ(simple(""), "\r\n");
  EXPECT_EQ(relaxed(""), "");
  EXPECT_EQ(simple("\r\n\r\n"), "\r\n");
  EXPECT_EQ(relaxed("\r\n\r\n"), "");
  EXPECT_EQ(relaxed(" \t\r\n \r\n"), "");
  EXPECT_EQ(simple("a"), "a\r\n");
  EXPECT_EQ(relaxed("a \t"), "a\r\n");
  EXPECT_EQ(relaxed("\r\n\r\na\r\n \r\n"), "\r\n\r\na\r\n");
}

TEST(Canonical, LeavesLoneLineEndsAsOctets) {
  EXPECT_EQ(simple("a\nb\rc\r"), "a\nb\rc\r\r\n");
  EXPECT_EQ(relaxed("a \n b \r c\r"), "a \n b \r c\r\r\n");
  EXPECT_EQ(relaxed("a\r\r\n\r\n"), "a\r\r\n");
}

TEST(Canonical, IsTheSameHoweverTheBodyIsCut) {
  std::minstd_rand random(std::random_device{}());
  constexpr std::string_view alphabet = "ab \t\r\n";
  for (int round = 0; round < 500; ++round) {
    bytes text;
    for (int i = 0; i < 40; ++i) text += random() % 3 ? alphabet[random() % alphabet.size()] : '\n';
    std::vector<bytes> pieces;
    for (size_t at = 0; at < text.size();) {
      const size_t size = random() % 4;
      pieces.push_back(text.substr(at, size));
      at += size;
    }
    for (const auto how : {canonicalization::simple, canonicalization::relaxed})
      ASSERT_EQ(body(how, pieces), body(how, {text})) << printable(text);
  }
}

TEST(Canonical, HoldsBackNothingOfABodyOfEmptyLines) {
  size_t longest = 0, all = 0;
  body_canonicalizer form(canonicalization::relaxed, [&](bytes_view octets) {
    longest = std::max(longest, octets.size());
    all += octets.size();
  });
  const bytes lines = [] {
    bytes out;
    for (int i = 0; i < 50'000; ++i) out += "\r\n";
    return out;
  }();
  for (int i = 0; i < 10; ++i) form.feed(lines);
  form.feed("x");
  form.finish();
  EXPECT_EQ(all, 1'000'003u);
  EXPECT_LE(longest, 16'384u);
}

TEST(Canonical, HashesTheLengthThatIsAskedFor) {
  const auto hash = [](std::optional<uint64_t> length, const bytes& text) {
    body_hash made(canonicalization::simple, length);
    for (const char c : text) made.feed(bytes_view(&c, 1));
    return made.finish();
  };
  const auto whole = hash(std::nullopt, "hello\r\n");
  EXPECT_TRUE(whole.covered_in_full);
  EXPECT_EQ(hash(7, "hello\r\n").digest, whole.digest);
  const auto part = hash(7, "hello\r\nadded\r\n");
  EXPECT_EQ(part.digest, whole.digest);
  EXPECT_FALSE(part.covered_in_full);
  EXPECT_FALSE(part.shorter_than_length);
  EXPECT_TRUE(hash(8, "hello\r\n").shorter_than_length);
  // RFC 6376 3.4.3: the digest of an empty body in the simple form is that of CRLF.
  EXPECT_EQ(base64_encode(hash(std::nullopt, "").digest), "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
}

} // namespace
} // namespace stagepost::mailauth
