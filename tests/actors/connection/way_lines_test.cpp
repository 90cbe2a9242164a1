#include "actors/connection/way_lines.hpp"

#include <gtest/gtest.h>

namespace stagepost::connection {
namespace {

using lines = std::vector<std::string>;

TEST(WayLines, NameTheServersOwnWay) {
  conf::smtp_out_settings settings;
  settings.source_ipv4 = "192.0.2.1";
  EXPECT_EQ(way_lines("example.test", {}, settings),
            (lines{"to IPv4 servers from 192.0.2.1, smtp_out.source_ipv4",
                   "to IPv6 servers from the address that this machine chooses",
                   "with TLS where the other server offers it"}));
}

TEST(WayLines, NameWhatADomainWants) {
  conf::smtp_out_settings settings;
  settings.source_ipv6 = "2001:db8::1";
  EXPECT_EQ(way_lines("example.test", {"192.0.2.7", {}, false}, settings),
            (lines{"to IPv4 servers from 192.0.2.7, outbound_ipv4 of example.test",
                   "to IPv6 servers from 2001:db8::1, smtp_out.source_ipv6",
                   "without TLS where nobody demands it: outgoing_tls of example.test is off"}));
}

TEST(WayLines, SayThatTheServerEncryptsNothing) {
  conf::smtp_out_settings settings;
  settings.use_tls = false;
  EXPECT_EQ(way_lines("example.test", {}, settings).back(),
            "without TLS where nobody demands it: smtp_out.use_tls is off");
}

} // namespace
} // namespace stagepost::connection
