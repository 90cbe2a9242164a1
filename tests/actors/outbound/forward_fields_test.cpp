#include "actors/outbound/forward_fields.hpp"

#include <gtest/gtest.h>

namespace stagepost::outbound {
namespace {

TEST(ForwardFields, NameEveryoneWhoHadItSentOnLastOnTop) {
  smtp::envelope what;
  what.delivered_to = {"zero@example.org", "one@example.org", "two@example.org"};
  EXPECT_EQ(forward_fields(what), ""); // all of them are in the header
  what.forwarded_for = {"two@example.org", "one@example.org"};
  EXPECT_EQ(forward_fields(what), "Delivered-To: two@example.org\r\nDelivered-To: one@example.org\r\n");
}

TEST(ForwardFields, LeaveOutWhatNeedsAHeaderOfUtf8) {
  smtp::envelope what;
  what.forwarded_for = {"gr\xc3\xbcn@example.org", "one@example.org"};
  EXPECT_EQ(forward_fields(what), "Delivered-To: one@example.org\r\n");
}

} // namespace
} // namespace stagepost::outbound
