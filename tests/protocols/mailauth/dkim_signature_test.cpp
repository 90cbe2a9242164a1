#include "protocols/mailauth/dkim_signature.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth::dkim {
namespace {

const std::string hash = "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=";

/// A signature with some tags replaced or, with nothing behind "=", left out.
std::string with(std::vector<std::pair<std::string, std::string>> changes) {
  std::vector<std::pair<std::string, std::string>> tags{
      {"v", "1"},       {"a", "rsa-sha256"}, {"d", "example.test"}, {"s", "sel"},
      {"h", "from:to"}, {"bh", hash},        {"b", "QUJD"}};
  for (auto& [name, value] : changes) {
    bool there = false;
    for (auto& t : tags)
      if (t.first == name) t.second = value, there = true;
    if (!there) tags.emplace_back(name, value);
  }
  std::string out;
  for (const auto& [name, value] : tags)
    if (!value.empty()) out += name + '=' + value + ';';
  return out;
}

result<signature> parse(const std::string& text, signature_kind kind = signature_kind::dkim) {
  const auto tags = tag_list::parse(text);
  EXPECT_TRUE(tags) << text;
  if (!tags) return errc::malformed;
  return parse_signature(*tags, kind);
}

errc refused(std::vector<std::pair<std::string, std::string>> changes) {
  const auto read = parse(with(std::move(changes)));
  return read ? errc{} : read.error().code;
}

TEST(DkimSignature, ReadsAllTags) {
  const auto read = parse(with({{"a", "ed25519-sha256"},
                                {"c", "relaxed/simple"},
                                {"i", "joe@mail.example.test"},
                                {"l", "12"},
                                {"t", "100"},
                                {"x", "200"},
                                {"q", "dns/txt : other"},
                                {"h", "From :\r\n Subject"},
                                {"b", "QU\r\n JD"}}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->type, key_type::ed25519);
  EXPECT_EQ(read->value, "ABC");
  EXPECT_EQ(read->header_form, canonicalization::relaxed);
  EXPECT_EQ(read->body_form, canonicalization::simple);
  EXPECT_EQ(read->key_name, "sel._domainkey.example.test");
  EXPECT_EQ(read->identity, "joe@mail.example.test");
  EXPECT_EQ(read->fields, (std::vector<std::string>{"from", "subject"}));
  EXPECT_EQ(read->body_length, 12u);
  EXPECT_EQ(read->signed_at, 100u);
  EXPECT_EQ(read->expires_at, 200u);
}

TEST(DkimSignature, HasTheDefaultsOfTheStandard) {
  const auto read = parse(with({}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->header_form, canonicalization::simple);
  EXPECT_EQ(read->identity, "@example.test");
  EXPECT_FALSE(read->body_length);
  EXPECT_EQ(parse(with({{"c", "relaxed"}}))->body_form, canonicalization::simple);
}

TEST(DkimSignature, AsksForTheKeyByALabels) { // RFC 8616 5
  EXPECT_EQ(parse(with({{"d", "b\xc3\xbc"
                              "cher.test"}}))
                ->key_name,
            "sel._domainkey.xn--bcher-kva.test");
}

TEST(DkimSignature, SaysWhyItRefuses) {
  for (const auto* name : {"a", "b", "bh", "d", "h", "s", "v"})
    EXPECT_EQ(refused({{name, ""}}), errc::malformed) << name;
  EXPECT_EQ(refused({{"v", "2"}}), errc::unsupported_version);
  EXPECT_EQ(refused({{"a", "rsa-sha1"}}), errc::historic_algorithm);
  EXPECT_EQ(refused({{"a", "rsa-md5"}}), errc::unsupported_algorithm);
  EXPECT_EQ(refused({{"c", "nofws"}}), errc::unsupported_canonicalization);
  EXPECT_EQ(refused({{"q", "http"}}), errc::unsupported_query);
  EXPECT_EQ(refused({{"h", "to:subject"}}), errc::from_not_signed);
  EXPECT_EQ(refused({{"i", "joe@example.org"}}), errc::foreign_identity);
  EXPECT_EQ(refused({{"i", "joe@badexample.test"}}), errc::foreign_identity);
  EXPECT_EQ(refused({{"i", "joe"}}), errc::malformed);
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"b", "***"},
                                                        {"bh", "QUJD"},
                                                        {"d", "a..b"},
                                                        {"s", "a b"},
                                                        {"h", "from::to"},
                                                        {"l", "-1"},
                                                        {"l", "123456789012345678901"},
                                                        {"t", "1 2"},
                                                        {"t", "-5"},
                                                        {"x", "1234567890123"}})
    EXPECT_EQ(refused({{name, value}}), errc::malformed) << name << '=' << value;
  EXPECT_EQ(refused({{"t", "200"}, {"x", "100"}}), errc::malformed);
}

TEST(DkimSignature, ReadsTheSignatureOfArc) { // RFC 8617 4.1.2
  EXPECT_TRUE(parse(with({{"v", ""}, {"i", "1"}, {"h", "to:subject"}}), signature_kind::arc_message));
  EXPECT_FALSE(parse(with({{"i", "1"}}), signature_kind::arc_message));
  EXPECT_FALSE(parse(with({{"v", ""}, {"i", "1"}, {"h", "from:arc-seal"}}), signature_kind::arc_message));
}

} // namespace
} // namespace stagepost::mailauth::dkim
