#include "actors/gateway/peer_call.hpp"

#include <gtest/gtest.h>

namespace stagepost::gateway {
namespace {

TEST(PeerCall, PutsWhatIsAskedIntoTheQuery) {
  EXPECT_EQ(domain_question("https://primary.test/", "branch.test"),
            "https://primary.test/api/v1/gateway/domains?domain=branch.test");
  EXPECT_EQ(user_question("http://192.0.2.1:8080", "branch.test", "j\xc3\xb6rg&x=+y@branch.test"),
            "http://192.0.2.1:8080/api/v1/gateway/users?domain=branch.test&"
            "address=j%C3%B6rg%26x%3D%2By%40branch.test");
}

TEST(PeerCall, TakesOnlyAPlainYesOrNoForAnAnswer) {
  EXPECT_EQ(read_valid(R"({"valid": true})"), true);
  EXPECT_EQ(read_valid(R"({"more": [1], "valid": false})"), false);
  for (const auto* text : {"", "true", "{}", R"({"valid": "true"})", R"({"valid": 1})",
                           R"([{"valid": true}])", R"({"valid": true)", "<html>"})
    EXPECT_EQ(read_valid(text), std::nullopt) << text;
  EXPECT_EQ(read_valid(std::string(100000, '[')), std::nullopt);
}

} // namespace
} // namespace stagepost::gateway
