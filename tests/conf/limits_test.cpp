#include "conf/limits.hpp"

#include <gtest/gtest.h>

using namespace stagepost::conf;

TEST(SendingLimits, TheSmallestOfSystemDomainAndUserCounts) {
  smtp_in_settings system;
  domain_settings domain;
  user_settings user;
  EXPECT_EQ(message_size_limit(system, domain, user), kb(10000));
  user.max_message_size = kb(50000);
  EXPECT_EQ(message_size_limit(system, domain, user), kb(10000));
  user.max_message_size = kb(100);
  EXPECT_EQ(message_size_limit(system, domain, user), kb(100));
  system.max_message_size = kb(10);
  EXPECT_EQ(message_size_limit(system, domain, user), kb(10));
}

TEST(SendingLimits, ZeroOfSystemAndDomainIsNoLimit) {
  domain_settings domain;
  domain.max_message_size = {};
  EXPECT_FALSE(message_size_limit({}, domain, {}).has_value());
}

TEST(SendingLimits, RecipientsAreBoundedByTheServerInAnyCase) {
  domain_settings domain;
  user_settings user;
  EXPECT_EQ(recipient_limit({}, domain, user), 200u);
  domain.max_recipients = 0;
  EXPECT_EQ(recipient_limit({}, domain, user), 1000u);
  user.max_recipients = 5;
  EXPECT_EQ(recipient_limit({}, domain, user), 5u);
}

TEST(MailboxSpace, AQuotaReachesAsFarAsTheDomainsDiskSpace) {
  domain_settings domain;
  user_settings user;
  EXPECT_EQ(mailbox_space_limit(domain, user), mb(500));
  user.quota = mb(0);
  EXPECT_EQ(mailbox_space_limit(domain, user), mb(0));
  user.quota = mb(900);
  EXPECT_EQ(mailbox_space_limit(domain, user), mb(500));
  domain.disk_space = {};
  EXPECT_EQ(mailbox_space_limit(domain, user), mb(900));
}

TEST(HourlyCaps, AreThoseOfTheSettings) {
  domain_settings domain;
  EXPECT_FALSE(hourly_caps(domain).messages.counts());
  domain.throttle_messages = 3;
  domain.throttle_messages_action = throttle_action::delay;
  domain.throttle_bandwidth_action = domain.throttle_bounces_action = throttle_action::reject;
  const auto caps = hourly_caps(domain);
  EXPECT_EQ(caps.messages.most, 3u);
  EXPECT_EQ(caps.messages.action, throttle_action::delay);
  EXPECT_EQ(caps.octets.most, 100u << 20);
  EXPECT_EQ(caps.bounces.most, 1000u);
  user_settings user;
  EXPECT_FALSE(hourly_caps(user).messages || hourly_caps(user).octets);
  user.throttle_bandwidth = mb(2);
  EXPECT_EQ(hourly_caps(user).octets, 2u << 20);
}

TEST(LongestWait, IsAnIntervalOrTheRestOfAnHour) {
  spool_settings spool;
  EXPECT_EQ(longest_wait(spool), std::chrono::minutes(90));
  spool.retry_intervals = {std::chrono::minutes(5)};
  EXPECT_EQ(longest_wait(spool), std::chrono::minutes(60));
}
