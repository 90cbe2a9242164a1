#include "protocols/mailauth/authentication_results.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth {
namespace {

authentication_results sample() {
  return {"mx.example.test",
          {{.method = "spf", .result = "pass", .properties = {{"smtp", "mailfrom", "joe@example.org"}}},
           {.method = "dkim",
            .result = "fail",
            .comment = "2048-bit key",
            .reason = "body hash does not match",
            .properties = {{"header", "d", "example.org"}, {"header", "b", "ab/d+f=="}}},
           {.method = "arc", .result = "none"}}};
}

TEST(AuthenticationResults, AreWrittenAResultALine) {
  EXPECT_EQ(write_results_field(sample()),
            "Authentication-Results: mx.example.test;\r\n"
            "\tspf=pass smtp.mailfrom=joe@example.org;\r\n"
            "\tdkim=fail (2048-bit key) reason=\"body hash does not match\"\r\n"
            "\t header.d=example.org header.b=\"ab/d+f==\";\r\n"
            "\tarc=none\r\n");
  EXPECT_EQ(write_results({"mx.example.test"}), "mx.example.test; none");
}

TEST(AuthenticationResults, AreReadAsTheyWereWritten) {
  EXPECT_EQ(parse_results(write_results(sample())), sample());
  EXPECT_EQ(parse_results("mx.example.test; none"), authentication_results{"mx.example.test"});
}

TEST(AuthenticationResults, LetNoLineEndThrough) {
  auto said = sample();
  said.results[0].properties[0].value = "a\r\nBcc: eve@example.org\0";
  said.results[0].comment = "x\r\n) y";
  said.results[0].method = "sp\r\nf";
  const auto text = write_results(said);
  for (size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1)) {
    EXPECT_EQ(text[at - 1], '\r');
    EXPECT_EQ(text[at + 1], '\t');
  }
  EXPECT_TRUE(parse_results(text));
}

TEST(AuthenticationResults, CutLongValues) {
  const authentication_results said{
      "id",
      {{.method = "spf", .result = "pass", .properties = {{"smtp", "helo", std::string(10'000, 'x')}}}}};
  EXPECT_LT(write_results(said).size(), 600u);
}

TEST(AuthenticationResults, ReadTheExamplesOfTheStandard) { // RFC 8601 B
  EXPECT_TRUE(parse_results(" example.org 1; none")->results.empty());
  const auto b5 = parse_results("example.com;\r\n auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n "
                                "spf=fail smtp.mailfrom=example.net");
  ASSERT_TRUE(b5);
  EXPECT_EQ(b5->authserv_id, "example.com");
  ASSERT_EQ(b5->results.size(), 2u);
  EXPECT_EQ(b5->results[0].comment, "cram-md5");
  EXPECT_EQ(b5->results[0].properties,
            (std::vector<result_property>{{"smtp", "auth", "sender@example.net"}}));
  const auto comments = parse_results(
      " foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n"
      " policy (A dot can go here) . (like that) expired\r\n (this surprised me) = (as I wasn't expecting "
      "it) 1362471462");
  ASSERT_TRUE(comments);
  ASSERT_EQ(comments->results.size(), 1u);
  EXPECT_EQ(comments->results[0].result, "fail");
  EXPECT_EQ(comments->results[0].properties,
            (std::vector<result_property>{{"policy", "expired", "1362471462"}}));
}

TEST(AuthenticationResults, ReadValuesOfAllKinds) {
  const auto read =
      parse_results(R"(x; a=pass reason="q \" q" header.i="a b"@c.test header.b=a/b+c= p.q=@d.test)");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->results[0].reason, "q \" q");
  EXPECT_EQ(read->results[0].properties[0].value, "a b@c.test");
  EXPECT_EQ(read->results[0].properties[1].value, "a/b+c=");
  EXPECT_EQ(read->results[0].properties[2].value, "@d.test");
}

TEST(AuthenticationResults, RefuseWhatBreaksTheGrammarOrTheBounds) {
  for (const auto* bad :
       {"", ";", "x; =pass", "x; spf", "x; spf=", "x; spf=pass smtp", "x; spf=pass smtp.a",
        "x; spf=pass smtp.a=", "x 2; none", "x; spf=pass (open", "x; spf=pass a.b=\"open", "x y z; none"})
    EXPECT_FALSE(parse_results(bad)) << bad;
  EXPECT_FALSE(parse_results("x; a=pass " + std::string(max_comment_depth + 1, '(') +
                             std::string(max_comment_depth + 1, ')')));
  std::string many = "x";
  for (size_t i = 0; i <= max_method_results; ++i) many += "; a=pass";
  EXPECT_FALSE(parse_results(many));
  std::string properties = "x; a=pass";
  for (size_t i = 0; i <= max_properties; ++i) properties += " a.b=c";
  EXPECT_FALSE(parse_results(properties));
  EXPECT_FALSE(parse_results("x; none" + std::string(max_results_field_bytes, ' ')));
}

TEST(AuthenticationResults, FindsThoseThatClaimToBeOurs) { // RFC 8601 5
  const bytes header = "Authentication-Results: other.test; none\r\n"
                       "Authentication-Results: (c) MX.Example.test 1; none\r\n"
                       "authentication-results:\r\n \"mx.example.test\"; spf=pass\r\n"
                       "Authentication-Results: (open; spf=pass\r\n"
                       "Subject: mx.example.test\r\n\r\n";
  std::vector<bytes> found;
  for (const auto& place : forged_results(header, "mx.example.test"))
    found.push_back(header.substr(place.offset, place.size));
  ASSERT_EQ(found.size(), 3u);
  EXPECT_TRUE(found[0].starts_with("Authentication-Results: (c)"));
  EXPECT_TRUE(found[1].starts_with("authentication-results:"));
  EXPECT_TRUE(found[2].starts_with("Authentication-Results: (open"));
}

} // namespace
} // namespace stagepost::mailauth
