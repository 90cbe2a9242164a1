#include "actors/outbound/spool_count.hpp"

#include <gtest/gtest.h>

namespace stagepost::outbound {
namespace {

TEST(SpoolCount, IsReadFromTheAnswerOfThePeer) {
  EXPECT_EQ(parse_spool_count(R"({"messages": 17})"), 17u);
  EXPECT_EQ(parse_spool_count(R"({"version":1,"messages":0})"), 0u);
}

TEST(SpoolCount, IsNotGuessedFromAnythingElse) {
  for (const auto* text : {"", "17", "null", "[17]", "{}", R"({"messages":"17"})", R"({"messages":-1})",
                           R"({"messages":1.5})", R"({"messages":1e3})", R"({"messages":99999999999999999})",
                           R"({"messages":17)", "<html>not found</html>"})
    EXPECT_FALSE(parse_spool_count(text)) << text;
  EXPECT_FALSE(parse_spool_count(std::string(100, '[') + std::string(100, ']')));
  EXPECT_FALSE(parse_spool_count(R"({"messages": 17})" + std::string(longest_spool_count, ' ')));
}

TEST(SpoolCount, IsAskedForBelowTheAddressOfTheServer) {
  EXPECT_EQ(spool_count_url("https://gw.example:8443/"),
            "https://gw.example:8443/api/v1/gateway/spool-count");
  EXPECT_EQ(spool_count_url("http://192.0.2.1"), "http://192.0.2.1/api/v1/gateway/spool-count");
}

} // namespace
} // namespace stagepost::outbound
