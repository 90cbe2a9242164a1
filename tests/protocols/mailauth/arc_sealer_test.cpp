#include "protocols/mailauth/arc_sealer.hpp"

#include "protocols/base/text.hpp"
#include "tests/protocols/mailauth/arc_message.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth::arc {
namespace {

bytes set_of(const dkim::message& m, auth_result chain, sealing_settings with = seal_with("ed")) {
  sealer making(m.header, std::move(with), chain, "hop.test; none", dkim::noon);
  making.feed_body(m.body);
  const auto made = making.finish();
  EXPECT_TRUE(made);
  return made ? *made : bytes();
}

TEST(ArcSealer, WritesThreeFoldedFields) {
  const auto set = set_of(dkim::sample(), auth_result::none, seal_with("rsa"));
  EXPECT_TRUE(set.starts_with("ARC-Seal: a=rsa-sha256;\r\n b=")) << set;
  EXPECT_NE(set.find("\r\nARC-Message-Signature: a=rsa-sha256;"), set.npos);
  EXPECT_TRUE(set.ends_with("\r\nARC-Authentication-Results: i=1; hop.test; none\r\n")) << set;
  EXPECT_NE(set.find("cv=none"), set.npos);
  for (std::string_view rest = set; !rest.empty();) EXPECT_LE(take_until(rest, '\n').size(), 77u);
}

TEST(ArcSealer, CountsInstances) {
  auto m = sealed(sealed(dkim::sample(), "ed"), "rsa");
  const auto set = set_of(m, auth_result::pass);
  EXPECT_NE(set.find("i=3; hop.test"), set.npos);
  EXPECT_NE(set.find("cv=pass"), set.npos);
}

TEST(ArcSealer, SealsAFailedChainOnceAndNoMore) { // RFC 8617 5.1.2
  auto m = sealed(dkim::sample(), "ed");
  m.body += "changed\r\n";
  m = sealed(m, "ed");
  EXPECT_NE(m.header.find("cv=fail"), m.header.npos);
  const auto got = validate(m, dkim::published());
  EXPECT_EQ(got.result, auth_result::fail);
  EXPECT_TRUE(got.failed_before);
  EXPECT_EQ(set_of(m, auth_result::fail), "");
}

TEST(ArcSealer, SaysFailOfAChainWithoutStructure) {
  auto m = dkim::sample();
  m.header = "ARC-Seal: i=2; cv=pass\r\n" + m.header;
  EXPECT_NE(set_of(m, auth_result::pass).find("cv=fail"), bytes::npos);
}

TEST(ArcSealer, StopsAtTheLastInstance) { // RFC 8617 4.2.1
  auto m = dkim::sample();
  m.header = "ARC-Authentication-Results: i=50; x; none\r\n" + m.header;
  EXPECT_EQ(set_of(m, auth_result::fail), "");
}

TEST(ArcSealer, PassesInEveryFolding) {
  for (const size_t length : {30u, 60u, 76u, 77u, 78u, 998u}) {
    auto m = sealed(dkim::sample(), "ed");
    auto with = seal_with("rsa");
    with.line_length = length;
    m.header = set_of(m, auth_result::pass, with) + m.header;
    EXPECT_EQ(validate(m, dkim::published()).result, auth_result::pass) << length;
  }
}

TEST(ArcSealer, NeverCoversSeals) {
  auto with = seal_with("ed");
  with.fields = {"from", "arc-seal", "from"};
  EXPECT_NE(set_of(dkim::sample(), auth_result::none, with).find("h=from;"), bytes::npos);
}

TEST(ArcSealer, RefusesWhatItCannotSealWell) {
  const auto refused = [](const dkim::message& m, sealing_settings with) {
    sealer making(m.header, std::move(with), auth_result::none, "hop.test; none", dkim::noon);
    const auto made = making.finish();
    return made ? dkim::errc{} : made.error().code;
  };
  auto with = seal_with("ed");
  with.domain = "no name";
  EXPECT_EQ(refused(dkim::sample(), with), dkim::errc::malformed);
  EXPECT_EQ(refused({"X: y\r\n\r\n", ""}, seal_with("ed")), dkim::errc::from_not_signed);
}

} // namespace
} // namespace stagepost::mailauth::arc
