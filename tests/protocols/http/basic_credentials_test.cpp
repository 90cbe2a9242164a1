#include "protocols/http/basic_credentials.hpp"

#include "protocols/base/text.hpp"

#include <gtest/gtest.h>

namespace stagepost::http {
namespace {

TEST(BasicCredentials, AreReadAsTheyWereWritten) {
  const auto found = parse_basic_credentials(authorization_field({"gate", "se:cret\xc3\xa9"}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user, "gate");
  EXPECT_EQ(found->password, "se:cret\xc3\xa9");
  EXPECT_EQ(parse_basic_credentials("basic  QWxhZGRpbjpvcGVuIHNlc2FtZQ== ")->password, "open sesame");
}

TEST(BasicCredentials, OfAnythingElseAreNone) {
  for (const auto& field : {std::string(), std::string("Basic"), std::string("Basic "),
                            std::string("Basic ?"), std::string("Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
                            "Basic " + base64_encode("no colon"), "Basic " + base64_encode("a:b\r\nc"),
                            "Basic " + base64_encode("a:" + std::string(longest_credentials, 'x'))})
    EXPECT_FALSE(parse_basic_credentials(field)) << field;
}

} // namespace
} // namespace stagepost::http
