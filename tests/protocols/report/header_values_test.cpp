#include "protocols/report/header_values.hpp"

#include "protocols/base/text.hpp"

#include <gtest/gtest.h>

namespace stagepost::report {
namespace {

TEST(HeaderValues, TakesOnlyAnIdentifierThatMayStandInAnotherMessage) {
  EXPECT_EQ(message_id_of("Message-ID:\r\n <1@client.example>\r\n\r\n"), "<1@client.example>");
  for (const std::string bad : {"", "1@client.example", "<>", "<a b@c>", "<a><b>", "<gr\xc3\xbc@c>"})
    EXPECT_EQ(message_id_of("Message-ID: " + bad + "\r\n\r\n"), "") << bad;
  EXPECT_EQ(message_id_of("Message-ID: <" + std::string(600, 'x') + ">\r\n\r\n"), "");
  EXPECT_EQ(message_id_of("Subject: none\r\n\r\n"), "");
}

TEST(HeaderValues, WritesAnEnvelopeAddressAsAHeaderDoes) {
  EXPECT_EQ(mime::format_address(header_address("ann@client.example", "Ann, Dr.")),
            "\"Ann, Dr.\" <ann@client.example>");
  EXPECT_EQ(mime::format_address(header_address("\"a b\"@client.example")), "\"a b\"@client.example");
}

TEST(HeaderValues, CutsBetweenCharacters) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abcd", 3), "abc...");
  EXPECT_TRUE(is_utf8(shortened("a\xc3\xbc\xc3\xbc", 2)));
}

} // namespace
} // namespace stagepost::report
