#include "actors/domain/login_guard.hpp"

#include <gtest/gtest.h>

namespace stagepost::domain {
namespace {

class LoginGuard : public ::testing::Test {
protected:
  LoginGuard() {
    limits_.max_failed_logins_per_address = 3;
    limits_.max_failed_logins_per_network = 5;
    limits_.max_failed_logins_per_account = 4;
    limits_.failed_login_window = std::chrono::minutes(10);
  }
  using answer = login_guard::answer;
  answer ask(const std::string& peer, account_id account = {}) {
    return guard_.may_try(limits_, peer, account, now_);
  }
  bool may(const std::string& peer, account_id account = {}) { return ask(peer, account) == answer::yes; }
  void begin(const std::string& peer, account_id account = {}) { guard_.began(limits_, peer, account, now_); }
  void fail(const std::string& peer, account_id account = {}) { guard_.failed(limits_, peer, account, now_); }

  conf::password_settings limits_;
  login_guard guard_;
  login_guard::time_point now_{std::chrono::hours(1)};
};

TEST_F(LoginGuard, StopsAnAddressThatGuesses) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(may("192.0.2.1"));
    fail("192.0.2.1");
  }
  EXPECT_FALSE(may("192.0.2.1"));
  EXPECT_TRUE(may("192.0.2.2"));
}

TEST_F(LoginGuard, StopsANetworkOfIPv6Addresses) {
  for (int i = 0; i < 5; ++i) fail("2001:db8:0:1::" + std::to_string(i + 1));
  EXPECT_FALSE(may("2001:db8:0:1:ffff::99"));
  EXPECT_TRUE(may("2001:db8:0:2::1"));
}

TEST_F(LoginGuard, StopsANetworkOfIPv4Addresses) {
  for (int i = 1; i <= 5; ++i) fail("198.51.100." + std::to_string(i));
  EXPECT_FALSE(may("198.51.100.200"));
  EXPECT_TRUE(may("198.51.101.1"));
}

TEST_F(LoginGuard, StopsGuessesAtOneAccountFromEverywhere) {
  for (int i = 0; i < 4; ++i) fail("10." + std::to_string(i) + ".0.1", account_id{7});
  EXPECT_FALSE(may("10.99.0.1", account_id{7}));
  EXPECT_TRUE(may("10.99.0.1", account_id{8}));
  EXPECT_TRUE(may("10.99.0.1"));
}

TEST_F(LoginGuard, ForgetsWhenTheWindowHasPassed) {
  for (int i = 0; i < 3; ++i) fail("192.0.2.1", account_id{7});
  now_ += std::chrono::minutes(10);
  EXPECT_FALSE(may("192.0.2.1", account_id{7}));
  now_ += std::chrono::seconds(1);
  EXPECT_TRUE(may("192.0.2.1", account_id{7}));
}

TEST_F(LoginGuard, ARightPasswordClearsTheAccountButNotTheAddress) {
  for (int i = 0; i < 3; ++i) fail("192.0.2.1", account_id{7});
  guard_.succeeded(account_id{7});
  EXPECT_TRUE(may("203.0.113.1", account_id{7}));
  EXPECT_FALSE(may("192.0.2.1", account_id{7}));
}

TEST_F(LoginGuard, ZeroIsNoLimit) {
  limits_.max_failed_logins_per_address = 0;
  limits_.max_failed_logins_per_network = 0;
  limits_.max_failed_logins_per_account = 0;
  for (int i = 0; i < 100; ++i) fail("192.0.2.1", account_id{7});
  EXPECT_TRUE(may("192.0.2.1", account_id{7}));
}

TEST_F(LoginGuard, CountsATryUnderWayAsIfItWereToFail) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ask("192.0.2.1"), answer::yes);
    begin("192.0.2.1");
  }
  EXPECT_EQ(ask("192.0.2.1"), answer::later);
  EXPECT_EQ(ask("192.0.2.2"), answer::yes);
  guard_.ended("192.0.2.1", {}); // it was the right password
  EXPECT_EQ(ask("192.0.2.1"), answer::yes);
  for (int i = 0; i < 2; ++i) {
    guard_.ended("192.0.2.1", {});
    fail("192.0.2.1");
  }
  EXPECT_EQ(ask("192.0.2.1"), answer::yes);
  fail("192.0.2.1");
  EXPECT_EQ(ask("192.0.2.1"), answer::no);
}

TEST_F(LoginGuard, CountsTriesUnderWayAtOneAccountFromEverywhere) {
  for (int i = 0; i < 4; ++i) begin("10." + std::to_string(i) + ".0.1", account_id{7});
  EXPECT_EQ(ask("10.99.0.1", account_id{7}), answer::later);
  EXPECT_EQ(ask("10.99.0.1", account_id{8}), answer::yes);
  guard_.succeeded(account_id{7}); // of one of them: the others are still under way
  EXPECT_EQ(ask("10.99.0.1", account_id{7}), answer::later);
  guard_.ended("10.0.0.1", account_id{7});
  EXPECT_EQ(ask("10.99.0.1", account_id{7}), answer::yes);
}

TEST_F(LoginGuard, KeepsTriesUnderWayOverTheEndOfTheWindow) {
  for (int i = 0; i < 3; ++i) begin("192.0.2.1");
  now_ += std::chrono::hours(1);
  EXPECT_EQ(ask("192.0.2.1"), answer::later);
}

TEST_F(LoginGuard, BoundsTheTriesOfOneAddressEvenWithoutLimits) {
  limits_.max_failed_logins_per_address = 0;
  limits_.max_failed_logins_per_network = 0;
  int begun = 0;
  for (; begun < 1000 && ask("192.0.2.1") == answer::yes; ++begun) begin("192.0.2.1");
  EXPECT_GE(begun, 20);
  EXPECT_LE(begun, 100);
  EXPECT_EQ(ask("192.0.2.1"), answer::later);
}

TEST_F(LoginGuard, TakesAnyTextAsAPeer) {
  fail("unknown");
  fail("");
  EXPECT_TRUE(may("unknown"));
  EXPECT_TRUE(may(""));
}

} // namespace
} // namespace stagepost::domain
