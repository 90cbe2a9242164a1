#include "protocols/mailauth/method_results.hpp"

#include "tests/protocols/mailauth/arc_message.hpp"
#include "tests/protocols/mailauth/fake_zone.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth {
namespace {

std::string text(std::vector<method_result> results) {
  return write_results({"us.test", std::move(results)});
}

spf::verdict judge(std::string mail_from, std::string policy) {
  fake_zone dns;
  dns.texts["example.test"] = {std::move(policy)};
  spf::check checking(
      {.client = *parse_ipv4("192.0.2.1"), .helo = "example.test", .mail_from = std::move(mail_from)});
  return spf::ask_all(checking, dns);
}

TEST(MethodResults, SayWhichIdentitySpfChecked) {
  EXPECT_EQ(text({describe(judge("a@example.test", "v=spf1 -all"))}),
            "us.test;\r\n\tspf=fail smtp.mailfrom=a@example.test");
  EXPECT_EQ(text({describe(judge("", "v=spf1 +all"))}), "us.test;\r\n\tspf=pass smtp.helo=example.test");
  EXPECT_EQ(
      text({describe(judge("a@example.test", "v=spf1 moo"))}),
      "us.test;\r\n\tspf=permerror reason=\"example.test: syntax: moo\"\r\n\t smtp.mailfrom=a@example.test");
}

TEST(MethodResults, NameEachSignature) {
  auto m = dkim::signed_message(dkim::sample(), {dkim::sign_with(dkim::ed25519_key(), "ed")});
  const auto good = describe(dkim::verify(m, dkim::published()));
  ASSERT_EQ(good.size(), 1u);
  EXPECT_EQ(good[0].result, "pass");
  EXPECT_EQ(good[0].comment, "256-bit key");
  EXPECT_EQ(good[0].properties[0], (result_property{"header", "d", "example.test"}));
  EXPECT_EQ(good[0].properties[3], (result_property{"header", "a", "ed25519-sha256"}));
  m.body += "more";
  EXPECT_EQ(describe(dkim::verify(m, dkim::published()))[0].reason, "body hash does not match");
  EXPECT_EQ(text(describe(dkim::verify(dkim::sample(), {}))), "us.test;\r\n\tdkim=none");
}

TEST(MethodResults, SayHowLongTheChainIs) {
  EXPECT_EQ(text({describe(arc::validate(dkim::sample(), {}))}), "us.test;\r\n\tarc=none");
  const auto m = arc::sealed(arc::sealed(dkim::sample(), "ed"), "ed");
  EXPECT_EQ(text({describe(arc::validate(m, dkim::published()))}),
            "us.test;\r\n\tarc=pass (i=2) header.d=example.test");
  EXPECT_EQ(text({describe(arc::validate(m, {}))}),
            "us.test;\r\n\tarc=fail (i=2) reason=\"message signature: no key\" header.d=example.test");
}

TEST(MethodResults, MayBeSealed) {
  auto m = dkim::signed_message(dkim::sample(), {dkim::sign_with(dkim::ed25519_key(), "ed")});
  auto results = describe(dkim::verify(m, dkim::published()));
  results.push_back(describe(arc::validate(m, {})));
  arc::sealer making(m.header, arc::seal_with("ed"), auth_result::none, write_results({"us.test", results}),
                     dkim::noon);
  making.feed_body(m.body);
  const auto set = making.finish();
  ASSERT_TRUE(set);
  m.header = *set + m.header;
  EXPECT_EQ(arc::validate(m, dkim::published()).result, auth_result::pass);
  EXPECT_EQ(dkim::verify(m, dkim::published()).at(0).result, auth_result::pass);
}

} // namespace
} // namespace stagepost::mailauth
