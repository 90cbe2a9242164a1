#include "protocols/mailauth/arc_verifier.hpp"

#include "tests/protocols/mailauth/arc_message.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth::arc {
namespace {

using dkim::published;

void replace(bytes& text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  ASSERT_NE(at, text.npos) << from;
  text.replace(at, from.size(), to);
}

chain_outcome judged(const dkim::message& m) { return validate(m, published()); }

TEST(ArcVerifier, HasNothingToSayWithoutSets) {
  const auto got = judged(dkim::sample());
  EXPECT_EQ(got.result, auth_result::none);
  EXPECT_EQ(got.highest, 0u);
}

TEST(ArcVerifier, PassesAChainOfSeveralHops) {
  auto m = dkim::sample();
  for (int hop = 0; hop < 4; ++hop) m = sealed(m, hop % 2 ? "rsa" : "ed");
  const auto got = judged(m);
  EXPECT_EQ(got.result, auth_result::pass) << got.problem;
  EXPECT_EQ(got.highest, 4u);
  ASSERT_EQ(got.hops.size(), 4u);
  EXPECT_EQ(got.hops[1].selector, "rsa");
  EXPECT_EQ(got.hops[1].domain, "example.test");
}

TEST(ArcVerifier, FailsWhenTheBodyChangedAfterTheLastHop) {
  auto m = sealed(dkim::sample(), "ed");
  m.body += "added\r\n";
  const auto got = judged(m);
  EXPECT_EQ(got.result, auth_result::fail);
  EXPECT_EQ(got.problem, "message signature: body hash does not match");
}

TEST(ArcVerifier, PassesWhenAHopSealedWhatItChanged) { // what ARC is for
  auto m = sealed(dkim::sample(), "ed");
  m.body += "-- \r\nthe list's footer\r\n";
  const auto changed = sealed(m, "ed", auth_result::pass);
  EXPECT_EQ(judged(changed).result, auth_result::pass);
}

TEST(ArcVerifier, FailsWhenResultsWereForged) {
  auto m = sealed(sealed(dkim::sample(), "ed"), "ed");
  replace(m.header, "i=1; hop.test; spf=pass", "i=1; hop.test; spf=fail");
  const auto got = judged(m);
  EXPECT_EQ(got.result, auth_result::fail);
  EXPECT_EQ(got.problem, "seal 2: signature does not match");
}

TEST(ArcVerifier, FailsForBrokenStructure) {
  const auto whole = sealed(sealed(dkim::sample(), "ed"), "ed").header;
  const auto problem = [](bytes header) { return judged({std::move(header), dkim::sample().body}).problem; };
  EXPECT_EQ(problem(whole), "");
  auto header = whole;
  replace(header, "i=1; hop.test", "i=3; hop.test");
  EXPECT_EQ(problem(header), "set 1 is not whole");
  EXPECT_EQ(problem("ARC-Authentication-Results: i=2; x; none\r\n" + whole),
            "ARC-Authentication-Results twice in a set");
  EXPECT_EQ(problem("ARC-Authentication-Results: i=51; x; none\r\n" + whole),
            "ARC-Authentication-Results malformed");
  EXPECT_EQ(problem("ARC-Seal: i=0; cv=none\r\n" + whole), "arc-seal malformed");
  EXPECT_EQ(problem("ARC-Message-Signature: nothing\r\n" + whole), "arc-message-signature malformed");
  header = whole;
  replace(header, "cv=pass", "cv=none");
  EXPECT_EQ(problem(header), "set 2: cv= cannot be");
  header = whole;
  replace(header, "cv=pass", "cv=fail");
  EXPECT_EQ(problem(header), "set 2 says cv=fail");
  EXPECT_TRUE(judged({header, ""}).failed_before);
}

TEST(ArcVerifier, LooksNothingUpForABrokenChain) {
  auto m = sealed(dkim::sample(), "ed");
  replace(m.header, "cv=none", "cv=pass");
  const verifier checking(m.header, {});
  EXPECT_TRUE(checking.questions().empty());
}

TEST(ArcVerifier, TellsWhenTheKeyCouldNotBeHad) {
  const auto m = sealed(dkim::sample(), "ed");
  const auto got = validate(m, {{"ed._domainkey.example.test", answer{}}});
  EXPECT_EQ(got.result, auth_result::fail);
  EXPECT_TRUE(got.key_unavailable);
  EXPECT_FALSE(validate(m, {}).key_unavailable);
}

TEST(ArcVerifier, RefusesASealThatChoosesItsFields) { // RFC 8617 4.1.3
  auto m = sealed(dkim::sample(), "ed");
  replace(m.header, "cv=none;", "cv=none; h=from;");
  EXPECT_EQ(judged(m).problem, "seal 1 malformed");
}

} // namespace
} // namespace stagepost::mailauth::arc
