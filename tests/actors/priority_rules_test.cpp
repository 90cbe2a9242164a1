#include "actors/priority_rules.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace stagepost {
namespace {

constexpr uint64_t small = 1000;
constexpr uint64_t large = 20 << 20;

/// Every rule on, each with a priority of its own.
conf::priority_settings all_rules() {
  conf::priority_settings made;
  made.standard = 6;
  made.over_size_enabled = made.bounces_enabled = made.auto_responders_enabled = true;
  made.over_size = 1;
  made.bounces = 3;
  made.auto_responders = 4;
  made.after_attempts_1_enabled = made.after_attempts_2_enabled = true;
  made.after_attempts_1 = 7;
  made.attempts_1 = 2;
  made.after_attempts_2 = 8;
  made.attempts_2 = 4;
  made.sender_overrides = {"support@example.org=10 answers to customers", "@example.org=2", "a=b@x.test=9"};
  return made;
}

priority_rules rules_of(const conf::priority_settings& settings) {
  auto all = std::make_shared<conf::system_settings>();
  all->priority = settings;
  priority_rules made;
  made.follow(all);
  return made;
}

struct first_case {
  const char* why;
  std::function<void(conf::priority_settings&)> but;
  std::string sender;
  uint64_t size_bytes;
  mail_class kind;
  uint8_t wanted;
};

TEST(PriorityRules, GiveNewMailTheFirstThatFits) {
  const auto as_they_are = [](conf::priority_settings&) {};
  const std::vector<first_case> cases{
      {"none other fits", as_they_are, "u@x.test", small, mail_class::ordinary, 6},
      {"the standard is off", [](auto& s) { s.standard_enabled = false; }, "u@x.test", small,
       mail_class::ordinary, 5},
      {"large", as_they_are, "u@x.test", large, mail_class::ordinary, 1},
      {"as large as allowed", [](auto& s) { s.over_size_threshold = {large}; }, "u@x.test", large,
       mail_class::ordinary, 6},
      {"large, and that is off", [](auto& s) { s.over_size_enabled = false; }, "u@x.test", large,
       mail_class::ordinary, 6},
      {"a bounce", as_they_are, "", small, mail_class::bounce, 3},
      {"a bounce, and that is off", [](auto& s) { s.bounces_enabled = false; }, "", small, mail_class::bounce,
       6},
      {"an automatic reply", as_they_are, "u@x.test", small, mail_class::automatic_reply, 4},
      {"an automatic reply, and that is off", [](auto& s) { s.auto_responders_enabled = false; }, "u@x.test",
       small, mail_class::automatic_reply, 6},
      {"a large bounce", as_they_are, "", large, mail_class::bounce, 1},
      {"a sender of his own", as_they_are, "Support@EXAMPLE.org", large, mail_class::ordinary, 10},
      {"a sender by his domain", as_they_are, "other@example.org", large, mail_class::ordinary, 2},
      {"only that domain", as_they_are, "u@sub.example.org", small, mail_class::ordinary, 6},
      {"an address with =", as_they_are, "a=b@x.test", small, mail_class::ordinary, 9},
      {"no address at all", as_they_are, "nonsense", small, mail_class::ordinary, 6},
  };
  for (const auto& each : cases) {
    auto settings = all_rules();
    each.but(settings);
    EXPECT_EQ(rules_of(settings).at_first(each.sender, each.size_bytes, each.kind), each.wanted) << each.why;
  }
}

TEST(PriorityRules, GiveMailThatWaitsAnotherByItsAttempts) {
  const auto rules = rules_of(all_rules());
  EXPECT_FALSE(rules.after_attempts("u@x.test", 1));
  EXPECT_EQ(rules.after_attempts("u@x.test", 2), 7);
  EXPECT_EQ(rules.after_attempts("u@x.test", 3), 7);
  EXPECT_EQ(rules.after_attempts("u@x.test", 4), 8);
  EXPECT_EQ(rules.after_attempts("", 5), 8);
  EXPECT_FALSE(rules.after_attempts("support@example.org", 4)) << "his sender's counts more";

  auto settings = all_rules();
  settings.after_attempts_2_enabled = false;
  EXPECT_EQ(rules_of(settings).after_attempts("u@x.test", 4), 7);
  settings.after_attempts_1_enabled = false;
  EXPECT_FALSE(rules_of(settings).after_attempts("u@x.test", 4));
}

TEST(PriorityRules, GoByTheSettingsInForce) {
  auto rules = rules_of(all_rules());
  EXPECT_EQ(rules.at_first("support@example.org", small, mail_class::ordinary), 10);
  auto changed = std::make_shared<conf::system_settings>();
  changed->priority.sender_overrides = {"support@example.org=3"};
  rules.follow(changed);
  EXPECT_EQ(rules.at_first("support@example.org", small, mail_class::ordinary), 3);
  EXPECT_EQ(priority_rules().at_first("support@example.org", small, mail_class::ordinary), 5);
}

} // namespace
} // namespace stagepost
