#include "protocols/mailauth/spf_check.hpp"

#include "protocols/base/text.hpp"
#include "tests/protocols/mailauth/fake_zone.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth::spf {
namespace {

query from(std::string sender, std::string client = "192.0.2.1") {
  return {
      .client = *parse_client_address(client), .helo = "mail.example.test", .mail_from = std::move(sender)};
}

fake_zone zone(std::string policy) {
  fake_zone out;
  out.texts["example.test"] = {std::move(policy)};
  out.addresses["mail.example.test"] = {"192.0.2.1", "2001:db8::1"};
  out.exchanges["example.test"] = {"mail.example.test"};
  return out;
}

verdict judge(const query& about, const fake_zone& dns) {
  check checking(about);
  return ask_all(checking, dns);
}

auth_result result_of(std::string policy, std::string client = "192.0.2.1") {
  return judge(from("a@example.test", std::move(client)), zone(std::move(policy))).result;
}

TEST(SpfCheck, GivesTheQualifierOfTheFirstMatch) {
  EXPECT_EQ(result_of("v=spf1 ip4:192.0.2.0/24 -all"), auth_result::pass);
  EXPECT_EQ(result_of("v=spf1 ip4:192.0.3.0/24 -all"), auth_result::fail);
  EXPECT_EQ(result_of("v=spf1 ~all"), auth_result::softfail);
  EXPECT_EQ(result_of("v=spf1 ?mx -all"), auth_result::neutral);
  EXPECT_EQ(result_of("v=spf1 mx -all", "2001:db8::1"), auth_result::pass);
  EXPECT_EQ(result_of("v=spf1"), auth_result::neutral);
  EXPECT_EQ(result_of("unrelated"), auth_result::none);
  EXPECT_EQ(result_of("v=spf1 mo"), auth_result::permerror);
}

TEST(SpfCheck, TellsWhatDecided) {
  const auto got = judge(from("a@Example.test", "192.0.2.9"), zone("v=spf1 mx ~all"));
  EXPECT_EQ(got.domain, "example.test");
  EXPECT_EQ(got.sender, "a@Example.test");
  EXPECT_EQ(got.matched, "example.test: ~all");
  EXPECT_EQ(judge(from("a@example.test"), zone("v=spf1 moo")).problem, "example.test: syntax: moo");
}

TEST(SpfCheck, AsksForIndependentNamesTogether) {
  auto dns = zone("v=spf1 mx -all");
  dns.exchanges["example.test"] = {"a.example.test", "b.example.test", "c.example.test"};
  check checking(from("a@example.test"));
  auto asked = checking.questions();
  ASSERT_EQ(asked, (std::vector<question>{{record_type::txt, "example.test"}}));
  checking.give(asked[0], dns.look_up(asked[0]));
  asked = checking.questions();
  ASSERT_EQ(asked, (std::vector<question>{{record_type::mx, "example.test"}}));
  checking.give(asked[0], dns.look_up(asked[0]));
  EXPECT_EQ(checking.questions().size(), 3u);
}

TEST(SpfCheck, ChecksTheHeloOfANullSender) {
  auto dns = zone("v=spf1 -all");
  dns.texts["mail.example.test"] = {"v=spf1 a -all"};
  const auto got = judge(from(""), dns);
  EXPECT_EQ(got.result, auth_result::pass);
  EXPECT_EQ(got.domain, "mail.example.test");
  EXPECT_EQ(got.sender, "postmaster@mail.example.test");
}

TEST(SpfCheck, HasNothingToAskOfWhatIsNoDomain) {
  for (const auto* sender : {"a@[192.0.2.1]", "a@localhost", "a@x..test", "@", "a@b\xff.test"}) {
    check checking(from(sender));
    EXPECT_TRUE(checking.questions().empty()) << sender;
    EXPECT_EQ(checking.result().result, auth_result::none) << sender;
  }
}

TEST(SpfCheck, AsksForALabels) { // RFC 8616 4
  check checking(from("a@b\xc3\xbc"
                      "cher.test"));
  EXPECT_EQ(checking.questions(), (std::vector<question>{{record_type::txt, "xn--bcher-kva.test"}}));
}

TEST(SpfCheck, DoesNotMatchAForeignLocalPart) { // RFC 8616 4
  auto dns = zone("v=spf1 exists:%{l}.x.test -all");
  dns.addresses["a.x.test"] = {"127.0.0.2"};
  EXPECT_EQ(judge(from("a@example.test"), dns).result, auth_result::pass);
  EXPECT_EQ(judge(from("\xc3\xb6@example.test"), dns).result, auth_result::fail);
}

TEST(SpfCheck, KeepsWhatTheOwnerSaysPrintable) {
  auto dns = zone("v=spf1 -all exp=why.example.test");
  dns.texts["why.example.test"] = {"%{s} may not send from %{c}"};
  EXPECT_EQ(judge(from("a@example.test"), dns).explanation, "a@example.test may not send from 192.0.2.1");
  EXPECT_EQ(judge(from("a\r\nb@example.test"), dns).explanation, "");
  dns.texts["why.example.test"] = {std::string(max_explanation_bytes + 1, 'x')};
  EXPECT_EQ(judge(from("a@example.test"), dns).explanation, "");
}

TEST(SpfCheck, EndsLoops) {
  EXPECT_EQ(result_of("v=spf1 include:example.test -all"), auth_result::permerror);
  EXPECT_EQ(result_of("v=spf1 redirect=example.test"), auth_result::permerror);
}

TEST(SpfCheck, NeverAsksWithoutEnd) {
  // A policy that costs the most: ten terms of ten hosts each, %{p} everywhere.
  fake_zone dns;
  std::string policy = "v=spf1";
  for (int i = 0; i < 10; ++i) {
    const auto name = "m" + std::to_string(i) + ".test";
    policy += " mx:" + name;
    for (int k = 0; k < 10; ++k) {
      const auto host = "h" + std::to_string(k) + '.' + name;
      dns.exchanges[name].push_back(host);
      dns.addresses[host] = {"198.51.100.1"};
    }
  }
  dns.texts["example.test"] = {policy + " exp=%{p}.test -all"};
  size_t rounds = 0, questions = 0;
  check checking(from("a@example.test"));
  for (auto asked = checking.questions(); !asked.empty(); asked = checking.questions()) {
    ++rounds;
    questions += asked.size();
    for (const auto& one : asked) checking.give(one, dns.look_up(one));
  }
  EXPECT_EQ(checking.result().result, auth_result::fail);
  EXPECT_LE(rounds, 30u);
  EXPECT_LE(questions, 130u);
}

} // namespace
} // namespace stagepost::mailauth::spf
