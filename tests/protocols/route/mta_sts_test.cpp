#include "protocols/route/mta_sts.hpp"

#include <gtest/gtest.h>

namespace stagepost::route {
namespace {

using std::chrono::seconds;
using lines = std::vector<std::string>;

TEST(MtaSts, TheOneRecordHasAnId) {
  EXPECT_EQ(sts_id({"v=STSv1; id=20160831085700Z;"}), "20160831085700Z");
  EXPECT_EQ(sts_id({"v=STSv1;id=1"}), "1");
  EXPECT_EQ(sts_id({"v=STSv1 ; other=x; id=1 ; more=y"}), "1");
  EXPECT_EQ(sts_id({"v=spf1 -all", "v=STSv1; id=a1;", "v=STSv10; id=2;"}), "a1");
  for (const auto& none : std::vector<lines>{{},
                                             {""},
                                             {"v=STSv1"},
                                             {"v=STSv1;"},
                                             {"v=STSv1; id=;"},
                                             {"v=STSv1; id=a-b;"},
                                             {"v=STSv1; id=" + std::string(33, 'a')},
                                             {"v=STSv1; id=1; id=2"},
                                             {" v=STSv1; id=1"},
                                             {"id=1; v=STSv1;"},
                                             {"v=STSv2; id=1;"},
                                             {"v=STSv1; id=1;", "v=STSv1; id=1;"}})
    EXPECT_FALSE(sts_id(none)) << (none.empty() ? "nothing" : none.front());
}

TEST(MtaSts, ReadsThePolicyOfTheStandard) {
  const auto policy =
      parse_sts_policy("version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\n"
                       "mx: *.Example.NET\r\nmx: backupmx.example.com\r\nmax_age: 604800\r\n");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->mode, sts_mode::enforce);
  EXPECT_EQ(policy->max_age, seconds(604800));
  EXPECT_EQ(policy->patterns, (lines{"mail.example.com", "*.example.net", "backupmx.example.com"}));
}

TEST(MtaSts, ToleratesWhatTheStandardTolerates) {
  EXPECT_TRUE(parse_sts_policy("version:STSv1\nmode:\ttesting  \nmax_age: 1\nmx: a.example\nnews: x\n\n"));
  EXPECT_TRUE(parse_sts_policy("mx: a.example\nmax_age: 1\nmode: testing\nversion: STSv1"));
  EXPECT_TRUE(parse_sts_policy("version: STSv1\nmode: none\nmax_age: 86400\n"));
  // Of what stands twice the first counts, and no policy holds longer than a year.
  const auto policy = parse_sts_policy("version: STSv1\nmode: none\nmode: enforce\nmax_age: 4000000000\n");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->mode, sts_mode::none);
  EXPECT_EQ(policy->max_age, max_sts_age);
}

TEST(MtaSts, RefusesPoliciesThatBreakTheRules) {
  const std::string good = "version: STSv1\nmode: enforce\nmax_age: 1\n";
  for (const auto& bad :
       lines{"", good, good + "mx: \n", good + "mx: a_b c\n", good + "mx: a.*.example\n", good + "mx: *\n",
             good + "no colon\nmx: a.example\n", "mode: enforce\nmax_age: 1\nmx: a.example\n",
             "version: STSv2\nmode: enforce\nmax_age: 1\nmx: a.example\n",
             "version: STSv1\nmode: Enforce\nmax_age: 1\nmx: a.example\n",
             "version: STSv1\nmode: enforce\nmx: a.example\n",
             "version: STSv1\nmode: enforce\nmax_age: -1\nmx: a.example\n",
             "version: STSv1\nmode: enforce\nmax_age: 99999999999\nmx: a.example\n", "<html>404</html>"})
    EXPECT_FALSE(parse_sts_policy(bad)) << bad;
  std::string many = good;
  for (size_t i = 0; i <= max_sts_patterns; ++i) many += "mx: h" + std::to_string(i) + ".example\n";
  EXPECT_FALSE(parse_sts_policy(many));
  EXPECT_FALSE(parse_sts_policy(good + "mx: a.example\n" + std::string(max_sts_policy_bytes, '\n')));
}

TEST(MtaSts, AStarStandsForOneLabel) {
  const sts_policy policy{sts_mode::enforce, seconds(1), {"mail.example.org", "*.example.net"}};
  for (const auto* yes : {"mail.example.org", "MAIL.example.ORG", "mail.example.org.", "mx1.example.net"})
    EXPECT_TRUE(allows_host(policy, yes)) << yes;
  for (const auto* no : {"example.org", "a.mail.example.org", "example.net", ".example.net",
                         "a.b.example.net", "mx1.example.net.evil.org", "", "net"})
    EXPECT_FALSE(allows_host(policy, no)) << no;
}

TEST(MtaSts, AKeptPolicyHoldsUntilItIsOldOrAnotherIsAnnounced) {
  const auto start = from_unix_milliseconds(1'700'000'000'000);
  const kept_sts_policy kept{"1", {sts_mode::enforce, seconds(100), {"a.example"}}, start};
  const auto record = [](const std::string& text) {
    dns::answer said;
    said.outcome = dns::outcome::found;
    said.texts = {text};
    return said;
  };
  const auto same = record("v=STSv1; id=1;"), other = record("v=STSv1; id=2;"),
             broken = record("v=STSv1; id=");
  dns::answer gone;
  gone.outcome = dns::outcome::no_such_name;
  const dns::answer failed;
  const auto soon = start + seconds(99), late = start + seconds(100);
  struct {
    const kept_sts_policy* kept;
    const dns::answer& record;
    instant now;
    sts_step expected;
  } const cases[] = {
      {&kept, same, soon, sts_step::use_kept},      {&kept, same, late, sts_step::fetch},
      {&kept, other, soon, sts_step::fetch},        {&kept, gone, soon, sts_step::use_kept},
      {&kept, gone, late, sts_step::no_policy},     {&kept, failed, soon, sts_step::use_kept},
      {&kept, failed, late, sts_step::no_policy},   {&kept, broken, soon, sts_step::use_kept},
      {nullptr, same, soon, sts_step::fetch},       {nullptr, gone, soon, sts_step::no_policy},
      {nullptr, failed, soon, sts_step::no_policy}, {nullptr, broken, soon, sts_step::no_policy},
  };
  for (const auto& each : cases)
    EXPECT_EQ(next_sts_step(each.kept, each.record, each.now), each.expected) << &each - cases;
  EXPECT_TRUE(is_fresh(kept, soon));
  EXPECT_FALSE(is_fresh(kept, late));
}

TEST(MtaSts, SaysWhereThingsAre) {
  EXPECT_EQ(sts_record_name("example.org"), "_mta-sts.example.org");
  EXPECT_EQ(sts_policy_url("example.org"), "https://mta-sts.example.org/.well-known/mta-sts.txt");
}

} // namespace
} // namespace stagepost::route
