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
