#include "actors/throttle/ledger.hpp"

#include <gtest/gtest.h>

namespace stagepost::throttle {
namespace {

using conf::throttle_action;
using std::chrono::hours;
using std::chrono::minutes;
using storage::hourly_counts;
using storage::hourly_key;
using storage::hourly_kind;

constexpr uint32_t this_hour = 1000;
constexpr instant noon = instant(hours(this_hour));
constexpr instant now = noon + minutes(10);
constexpr instant end = noon + hours(1);
constexpr uint64_t any = UINT64_MAX;

sending of_alice() {
  sending made;
  made.domain = domain_id{1};
  made.user = account_id{7};
  made.name = "alice@example.org";
  made.messages = 1;
  made.octets = 100;
  made.caps.messages = {throttle_action::reject, 3};
  made.caps.octets = {throttle_action::none, 0};
  return made;
}

charge sent(sending what, uint64_t messages = 1, uint64_t octets = 100) {
  what.messages = messages;
  what.octets = octets;
  charge made;
  made.sent = what;
  return made;
}

charge received(throttle_action action, uint64_t most, uint64_t messages = 1) {
  charge made;
  made.received.push_back({domain_id{1}, "example.org", {action, most}, messages});
  return made;
}

bool is_refused(const message_booked& found) { return found.refused_until != instant{}; }

class Ledger : public ::testing::Test {
protected:
  ledger counts_{2};
};

TEST_F(Ledger, RefusesWhatIsAboveTheThresholdUntilTheHourEnds) {
  EXPECT_FALSE(is_refused(counts_.book(sent(of_alice(), 2), 0, now)));
  EXPECT_EQ(counts_.book(sent(of_alice(), 2), 0, now).refused_until, end) << "each recipient counts";
  EXPECT_EQ(counts_.check(sent(of_alice(), 2), now).refused_until, end);
  EXPECT_EQ(counts_.check(sent(of_alice(), 1), now).refused_until, instant{}) << "what was refused does not";
  EXPECT_FALSE(is_refused(counts_.book(sent(of_alice(), 1), 0, now)));
  EXPECT_TRUE(is_refused(counts_.book(sent(of_alice(), 1), 0, end - std::chrono::milliseconds(1))));
  EXPECT_FALSE(is_refused(counts_.book(sent(of_alice(), 3), 0, end)));
}

TEST_F(Ledger, CountsWhatAllShardsTookIn) {
  EXPECT_FALSE(is_refused(counts_.book(sent(of_alice(), 2), 0, now)));
  EXPECT_FALSE(is_refused(counts_.book(sent(of_alice(), 1), 1, now)));
  EXPECT_TRUE(is_refused(counts_.book(sent(of_alice(), 1), 1, now)));
}

TEST_F(Ledger, GivesEachShardItsOwnSumToWrite) {
  (void)counts_.book(sent(of_alice(), 1, 100), 0, now);
  const auto found = counts_.book(sent(of_alice(), 1, 50), 1, now);
  ASSERT_EQ(found.rows.size(), 1u) << "the user has no limit of his own";
  EXPECT_EQ(found.rows[0].key, (hourly_key{this_hour, hourly_kind::domain_sends, 1}));
  EXPECT_EQ(found.rows[0].counts, (hourly_counts{1, 50}));
  EXPECT_EQ(counts_.book(sent(of_alice(), 1, 7), 1, now).rows[0].counts, (hourly_counts{2, 57}));
}

TEST_F(Ledger, HoldsTheDomainToItsData) {
  auto who = of_alice();
  who.caps.messages = {};
  who.caps.octets = {throttle_action::reject, 1000};
  EXPECT_FALSE(is_refused(counts_.book(sent(who, 500, 900), 0, now))) << "once, however many recipients";
  EXPECT_TRUE(is_refused(counts_.book(sent(who, 1, 101), 0, now)));
  EXPECT_FALSE(is_refused(counts_.book(sent(who, 1, 100), 0, now)));
  EXPECT_FALSE(is_refused(counts_.book(sent(who, 1, 5000), 0, end))) << "else it could never go";
  EXPECT_TRUE(is_refused(counts_.book(sent(who, 1, 1), 0, end)));
  who.caps.octets.most = 0;
  EXPECT_TRUE(is_refused(counts_.book(sent(who, 1, 1), 0, end + hours(1))));
}

TEST_F(Ledger, HoldsAUserToHisOwnLimitsWithTheActionOfHisDomain) {
  auto alice = of_alice();
  alice.caps.messages.most = any;
  alice.of_user.messages = 1;
  auto bob = alice;
  bob.user = account_id{8};
  const auto first = counts_.book(sent(alice), 0, now);
  ASSERT_EQ(first.rows.size(), 2u);
  EXPECT_EQ(first.rows[1].key, (hourly_key{this_hour, hourly_kind::user_sends, 7}));
  EXPECT_TRUE(is_refused(counts_.book(sent(alice), 0, now)));
  EXPECT_FALSE(is_refused(counts_.book(sent(bob), 0, now)));
  bob.of_user = {};
  bob.of_user.octets = 10;
  bob.caps.octets = {throttle_action::delay, any};
  EXPECT_EQ(counts_.book(sent(bob), 0, now).sent_after, end);
}

TEST_F(Ledger, LetsWaitWhatIsAboveAndCountsItInTheHourItIsSentIn) {
  auto who = of_alice();
  who.caps.messages.action = throttle_action::delay;
  EXPECT_EQ(counts_.book(sent(who, 3), 0, now).sent_after, instant{});
  const auto waits = counts_.book(sent(who, 2), 0, now);
  EXPECT_FALSE(is_refused(waits));
  EXPECT_EQ(waits.sent_after, end);
  EXPECT_EQ(waits.rows.at(0).key.hour, this_hour + 1);
  EXPECT_EQ(counts_.check(sent(who, 1), now).refused_until, instant{}) << "nobody has to be told early";
  EXPECT_EQ(counts_.book(sent(who, 1), 0, end).sent_after, instant{});
  EXPECT_EQ(counts_.book(sent(who, 1), 0, end).sent_after, end + hours(1));
}

TEST_F(Ledger, RefusesRatherThanLetsWait) {
  auto who = of_alice();
  who.caps.messages = {throttle_action::delay, 0};
  who.caps.octets = {throttle_action::reject, 0};
  EXPECT_TRUE(is_refused(counts_.book(sent(who), 0, now)));
}

TEST_F(Ledger, HoldsBouncesOfADomainByThemselves) {
  EXPECT_FALSE(is_refused(counts_.book(received(throttle_action::reject, 2, 2), 0, now)));
  EXPECT_TRUE(is_refused(counts_.book(received(throttle_action::reject, 2), 0, now)));
  EXPECT_EQ(counts_.check(received(throttle_action::reject, 2), now).refused_until, end);
  EXPECT_FALSE(is_refused(counts_.book(sent(of_alice(), 3), 0, now))) << "sending is another matter";
  const auto waits = counts_.book(received(throttle_action::delay, 2), 0, now);
  ASSERT_EQ(waits.received_after.size(), 1u);
  EXPECT_EQ(waits.received_after[0], (std::pair(domain_id{1}, end)));
  EXPECT_EQ(waits.sent_after, instant{});
}

TEST_F(Ledger, KnowsAfterAStartWhatIsOnDisk) {
  const hourly_key key{this_hour, hourly_kind::domain_sends, 1};
  counts_.load(0, {{key, {1, 10}}, {{this_hour - 1, hourly_kind::domain_sends, 1}, {9, 9}}}, now);
  counts_.load(1, {{key, {1, 10}}, {{this_hour + 2, hourly_kind::domain_sends, 1}, {9, 9}}}, now);
  EXPECT_TRUE(is_refused(counts_.book(sent(of_alice(), 2), 0, now)));
  const auto found = counts_.book(sent(of_alice(), 1, 100), 0, now);
  EXPECT_EQ(found.rows.at(0).counts, (hourly_counts{2, 110}));
  ASSERT_EQ(found.over.size(), 1u) << "what is over goes with the next message";
  EXPECT_EQ(found.over[0].hour, this_hour - 1);
  EXPECT_EQ(counts_.book(received(throttle_action::reject, 2), 1, now).over.at(0).hour, this_hour + 2);
  EXPECT_TRUE(counts_.book(received(throttle_action::reject, 2), 1, now).over.empty());
}

TEST_F(Ledger, NamesTheRowsOfAnHourThatEnds) {
  (void)counts_.book(sent(of_alice()), 0, now);
  const auto found = counts_.book(sent(of_alice()), 0, end);
  ASSERT_EQ(found.over.size(), 1u);
  EXPECT_EQ(found.over[0], (hourly_key{this_hour, hourly_kind::domain_sends, 1}));
  EXPECT_EQ(found.rows.at(0).key.hour, this_hour + 1);
}

TEST_F(Ledger, PunishesNobodyWhenTheClockJumps) {
  for (const auto jump : {hours(1), hours(-1), hours(9000), hours(-900)}) {
    counts_ = ledger(2);
    (void)counts_.book(sent(of_alice(), 3), 0, now);
    EXPECT_TRUE(is_refused(counts_.book(sent(of_alice(), 1), 0, now)));
    EXPECT_FALSE(is_refused(counts_.book(sent(of_alice(), 3), 0, now + jump))) << jump.count();
    EXPECT_TRUE(is_refused(counts_.book(sent(of_alice(), 1), 0, now + jump))) << jump.count();
    // And back again, or on to the hour that it was before.
    const auto found = counts_.book(sent(of_alice(), 3), 0, now);
    EXPECT_FALSE(is_refused(found)) << jump.count();
    for (const auto& each : found.over)
      for (const auto& row : found.rows) EXPECT_NE(each, row.key) << "what is written is not taken out";
  }
}

TEST_F(Ledger, TakesBackWhatWasNotTakenIn) {
  const auto found = counts_.book(sent(of_alice(), 3), 1, now);
  counts_.unbook(found.entries, 1);
  const auto again = counts_.book(sent(of_alice(), 2), 1, now);
  EXPECT_FALSE(is_refused(again));
  EXPECT_EQ(again.rows.at(0).counts, (hourly_counts{2, 100}));
}

TEST_F(Ledger, TellsOfALimitOnceAnHour) {
  (void)counts_.book(sent(of_alice(), 3), 0, now);
  EXPECT_TRUE(counts_.take_news().empty());
  (void)counts_.check(sent(of_alice()), now);
  (void)counts_.book(sent(of_alice()), 0, now);
  EXPECT_EQ(counts_.take_news(),
            std::vector<std::string>{
                "alice@example.org: the hourly limit of messages of the domain is reached, more is refused"});
  (void)counts_.book(sent(of_alice(), 4), 0, end);
  EXPECT_EQ(counts_.take_news().size(), 1u);
}

TEST(Charge, AsksForNothingWhereNothingMayBeRefused) {
  EXPECT_TRUE(charge{}.is_empty());
  EXPECT_FALSE(charge{}.may_be_refused());
  auto who = of_alice();
  EXPECT_TRUE(sent(who).may_be_refused());
  who.caps.messages.action = throttle_action::delay;
  EXPECT_FALSE(sent(who).may_be_refused());
  EXPECT_TRUE(received(throttle_action::reject, 1).may_be_refused());
  EXPECT_EQ(time_of_day(noon), "16:00 UTC");
}

} // namespace
} // namespace stagepost::throttle
