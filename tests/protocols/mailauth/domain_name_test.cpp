#include "protocols/mailauth/domain_name.hpp"

#include <gtest/gtest.h>

namespace stagepost::mailauth {
namespace {

TEST(DomainName, HoldsTheLengthsOfTheDns) {
  const std::string label(63, 'a');
  EXPECT_TRUE(is_query_name(label + ".test."));
  EXPECT_FALSE(is_query_name(label + "a.test"));
  const auto longest = label + '.' + label + '.' + label + '.' + std::string(61, 'a');
  EXPECT_EQ(longest.size(), max_domain_octets);
  EXPECT_TRUE(is_query_name(longest));
  EXPECT_FALSE(is_query_name(longest + 'a'));
  for (const auto* name : {"", ".", "a..b", ".a"}) EXPECT_FALSE(is_query_name(name)) << name;
}

TEST(DomainName, MakesALabels) {
  EXPECT_EQ(to_query_name("B\xc3\xbc"
                          "cher.Example."),
            "xn--bcher-kva.example");
  EXPECT_EQ(to_query_name("_x.Example"), "_x.example");
  for (const auto* name : {"***", "a b", "-a.test", "a-.test", "\xff.test", ""})
    EXPECT_FALSE(to_query_name(name)) << name;
}

TEST(DomainName, KnowsWhatIsBelow) {
  EXPECT_TRUE(is_same_or_below("Mail.Example.test.", "example.test"));
  EXPECT_TRUE(is_same_or_below("example.test", "EXAMPLE.test."));
  EXPECT_FALSE(is_same_or_below("badexample.test", "example.test"));
  EXPECT_FALSE(is_same_or_below("test", "example.test"));
  EXPECT_FALSE(is_same_or_below("example.test", ""));
}

} // namespace
} // namespace stagepost::mailauth
