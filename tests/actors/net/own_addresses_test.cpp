#include "actors/net/own_addresses.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace stagepost::net {
namespace {

conf::listener listener(const std::string& address, uint16_t port, conf::service what = conf::service::smtp) {
  conf::listener made;
  made.service = what;
  made.address = address;
  made.port = port;
  return made;
}

TEST(OwnAddresses, AreThoseWhereSmtpIsTakenOnThePort) {
  const auto found =
      own_addresses({listener("192.0.2.2", 25), listener("2001:db8::1", 25), listener("192.0.2.1", 25),
                     listener("192.0.2.2", 25), listener("192.0.2.3", 2525),
                     listener("192.0.2.4", 25, conf::service::submission), listener("/run/socket", 0)},
                    25);
  std::vector<std::string> texts;
  for (const auto& each : found) texts.push_back(mailauth::to_string(each));
  EXPECT_EQ(texts, (std::vector<std::string>{"192.0.2.1", "192.0.2.2", "2001:db8::1"}));
}

TEST(OwnAddresses, AStarStandsForAllInterfaces) {
  const auto found = own_addresses({listener("*", 25)}, 25);
  EXPECT_NE(std::find(found.begin(), found.end(), *mailauth::parse_ipv4("127.0.0.1")), found.end());
  EXPECT_TRUE(own_addresses({listener("*", 2525)}, 25).empty());
}

} // namespace
} // namespace stagepost::net
