#include "protocols/smtp/address.hpp"

#include "protocols/base/text.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace stagepost::smtp {
namespace {

const std::string outside_data = STAGEPOST_SOURCE_DIR "/../shared/data/idna-addresses/";

TEST(SmtpAddress, TakesAMailboxApart) {
  const auto box = parse_mailbox("Joe.Doe+tag@Mail.Example.test", false);
  ASSERT_TRUE(box);
  EXPECT_EQ(box->local, "Joe.Doe+tag");
  EXPECT_EQ(box->domain, "Mail.Example.test");
}

TEST(SmtpAddress, UndoesQuotingAndQuotesAgainWhereItMust) {
  const auto box = parse_mailbox(R"("a \"b\" @\c"@example.test)", false);
  ASSERT_TRUE(box);
  EXPECT_EQ(box->local, R"(a "b" @c)");
  EXPECT_EQ(to_string(*box), R"("a \"b\" @c"@example.test)");
  EXPECT_EQ(to_string(*parse_mailbox(R"("joe"@example.test)", false)), "joe@example.test");
  EXPECT_EQ(to_string({"", "example.test"}), R"(""@example.test)");
}

TEST(SmtpAddress, KnowsPostmasterWithoutADomain) {
  const auto box = parse_mailbox("PostMaster", false);
  ASSERT_TRUE(box);
  EXPECT_EQ(box->domain, "");
  EXPECT_EQ(to_string(*box), "PostMaster");
  EXPECT_FALSE(parse_mailbox("joe", false));
}

TEST(SmtpAddress, KeepsAddressLiterals) {
  for (const auto* text :
       {"a@[192.0.2.1]", "a@[IPv6:2001:db8::1]", "a@[ipv6:::1]", "a@[IPv6:::ffff:192.0.2.1]"})
    EXPECT_TRUE(parse_mailbox(text, false)) << text;
  for (const auto* text : {"a@[192.0.2]", "a@[192.0.2.256]", "a@[2001:db8::1]", "a@[IPv6:192.0.2.1]", "a@[]",
                           "a@[x:y]", "a@[192.0.2.1", "a@192.0.2.1]"})
    EXPECT_FALSE(parse_mailbox(text, false)) << text;
}

TEST(SmtpAddress, HoldsTheLengthsOfTheStandard) {
  EXPECT_TRUE(parse_mailbox(std::string(64, 'a') + "@example.test", false));
  EXPECT_FALSE(parse_mailbox(std::string(65, 'a') + "@example.test", false));
  EXPECT_TRUE(parse_mailbox("a@" + std::string(63, 'a') + ".test", false));
  EXPECT_FALSE(parse_mailbox("a@" + std::string(64, 'a') + ".test", false));
  std::string longest;
  while (longest.size() < 250) longest += "abcd.";
  EXPECT_TRUE(parse_mailbox("a@" + longest + "abcde", false));
  EXPECT_FALSE(parse_mailbox("a@" + longest + "abcdef", false));
}

TEST(SmtpAddress, TakesUtf8OnlyWhereItMay) {
  EXPECT_FALSE(parse_mailbox("j\xc3\xb6@example.test", false));
  EXPECT_TRUE(parse_mailbox("j\xc3\xb6@ex\xc3\xa4mple.test", true));
  EXPECT_FALSE(parse_mailbox("j\xf6@example.test", true));
  EXPECT_TRUE(parse_mailbox("\"j \xc3\xb6\"@example.test", true));
}

TEST(SmtpAddress, RefusesControlCharacters) {
  EXPECT_FALSE(parse_mailbox("a\r@example.test", false));
  EXPECT_FALSE(parse_mailbox("\"a\nb\"@example.test", false));
  EXPECT_FALSE(parse_mailbox("\"a\\\nb\"@example.test", false));
  EXPECT_FALSE(parse_mailbox(std::string("a@exam\0ple.test", 15), false));
}

TEST(SmtpAddress, KnowsADomainByOneForm) {
  EXPECT_EQ(canonical_domain("Example.TEST."), "example.test");
  EXPECT_EQ(canonical_domain("f\x61\xc3\x9f.de"), "xn--fa-hia.de");
  EXPECT_EQ(canonical_domain("XN--FA-HIA.de"), "xn--fa-hia.de");
  EXPECT_EQ(canonical_domain("B\xc3\xbc\x63her.example\xe3\x80\x82test"), "xn--bcher-kva.example.test");
  EXPECT_EQ(canonical_domain("[IPv6:2001:DB8::1]"), "[ipv6:2001:db8::1]");
  EXPECT_EQ(canonical_domain("my_host.example.test"), "my_host.example.test");
  EXPECT_EQ(canonical_domain("r3---sn.example.test"), "r3---sn.example.test");
}

TEST(SmtpAddress, KnowsNoFormOfWhatIsNoDomain) {
  for (const auto* text : {"", ".", "..", "a..b", ".a", "-a.test", "a-.test", "a b.test", "a@b",
                           "xn--example.test", "\xff.test", "\xe2\x80\x8d.test", "[1.2.3]", "a/b.test"})
    EXPECT_EQ(canonical_domain(text), std::nullopt) << text;
  EXPECT_EQ(canonical_domain(std::string(64, 'a') + ".test"), std::nullopt);
}

TEST(SmtpAddress, KnowsALocalUserByOneForm) {
  EXPECT_EQ(canonical_local("Joe.DOE"), "joe.doe");
  EXPECT_EQ(canonical_local("J\xc3\x96rg"), "j\xc3\xb6rg");
  EXPECT_EQ(canonical_local("Jo\xcc\x88rg"), "j\xc3\xb6rg"); // o with a combining diaeresis
  EXPECT_EQ(canonical_local("stra\xc3\x9f\x65"), "strasse");
}

/// Lines without comments; "address   # remark" loses its remark.
std::vector<std::string> samples(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#' || line.front() == ' ') continue;
    if (const auto remark = line.find("   #"); remark != line.npos) line.resize(remark);
    out.emplace_back(trim(line));
  }
  return out;
}

bool is_whole_address(const std::string& text) {
  const auto box = parse_mailbox(text, true);
  return box && canonical_domain(box->domain);
}

TEST(SmtpAddress, TakesWhatOthersCallValid) {
  const auto valid = samples(outside_data + "flanker_mailbox_valid.txt");
  if (valid.empty()) GTEST_SKIP() << "no outside data in " << outside_data;
  for (const auto& text : valid) {
    // Header syntax, which an envelope does not have: display names and comments.
    if (text.ends_with('>') || text.starts_with('(') || text.ends_with(')')) continue;
    EXPECT_TRUE(is_whole_address(text)) << text;
  }
}

TEST(SmtpAddress, RefusesWhatOthersCallInvalid) {
  const auto invalid = samples(outside_data + "flanker_mailbox_invalid.txt");
  if (invalid.empty()) GTEST_SKIP() << "no outside data in " << outside_data;
  for (const auto& text : invalid) EXPECT_FALSE(is_whole_address(text)) << text;
}

} // namespace
} // namespace stagepost::smtp
