#include "actors/statistics/statistics.hpp"

#include "actors/wall_clock.hpp"
#include "tests/support/tree_fixture.hpp"

namespace stagepost::statistics {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::months;
using std::chrono::sys_days;

sys_days today() { return std::chrono::floor<days>(wall_clock()); }

TEST(FirstKept, IsTheSameDayOfTheMonthThen) {
  EXPECT_EQ(first_kept(sys_days(2026y / 11 / 22), months(13)), sys_days(2025y / 10 / 22));
  EXPECT_EQ(first_kept(sys_days(2026y / 1 / 1), months(1)), sys_days(2025y / 12 / 1));
}

TEST(FirstKept, IsTheLastDayOfAMonthThatIsTooShort) {
  EXPECT_EQ(first_kept(sys_days(2026y / 3 / 31), months(1)), sys_days(2026y / 2 / 28));
  EXPECT_EQ(first_kept(sys_days(2024y / 3 / 30), months(1)), sys_days(2024y / 2 / 29));
}

class Statistics : public testing::tree_fixture {
protected:
  Statistics() {
    must(domain::create_domain{"example.org"});
    must(domain::create_domain{"example.net"});
    for (const char* each : {"alice@example.org", "bob@example.org", "carol@example.net"}) add_user(each);
  }

  days_found read(const std::string& domain) {
    return ask<days_found>(tree_.statistics, read_days{domain, today() - days(500), today() + days(500)});
  }
  /// The sum of all days.
  storage::day_counts counts_of(const std::string& domain) {
    const auto found = read(domain);
    EXPECT_TRUE(found.done) << found.sentence;
    storage::day_counts sum;
    for (const auto& each : found.days) sum += each.counts;
    return sum;
  }
  void happens(const std::string& domain) {
    storage::day_counts one;
    one.logins = 1;
    happened what;
    what.server = one;
    what.domains.push_back({{}, domain, one});
    tell(tree_.statistics, what);
  }
  void relay_for(conf::relay_for whom) {
    auto changed = *settings_->get();
    changed.smtp_in.allow_relay = whom;
    settings_->set(changed);
  }
  bool log_in(const std::string& user, const std::string& password) {
    domain::login order{user, password, {}, domain::service::imap, "192.0.2.1"};
    return ask<domain::login_answer>(tree_.logins, order).outcome == sasl::login_outcome::accepted;
  }
};

TEST_F(Statistics, CountAMessageOnceForEachDomainItComesFor) {
  const auto what =
      message(0, {"alice@example.org", "bob@example.org", "carol@example.net", "x@far.example"});
  accept(0, what);
  await_deliveries();
  const auto org = counts_of("example.org"), net = counts_of("example.net"), all = counts_of("");
  EXPECT_EQ(org.messages_in, 1u);
  EXPECT_EQ(org.octets_in, what.size_bytes);
  EXPECT_EQ(org.deliveries, 2u);
  EXPECT_EQ(org.messages_out, 0u);
  EXPECT_EQ(net.messages_in, 1u);
  EXPECT_EQ(net.deliveries, 1u);
  EXPECT_EQ(all.messages_in, 1u);
  EXPECT_EQ(all.deliveries, 3u);
}

TEST_F(Statistics, CountWhatUsersHandInForTheirDomain) {
  auto what = message(0, {"x@far.example"});
  what.authenticated_as = "carol@example.net";
  accept(0, what);
  const auto net = counts_of("example.net");
  EXPECT_EQ(net.messages_out, 1u);
  EXPECT_EQ(net.octets_out, what.size_bytes);
  EXPECT_EQ(net.messages_in, 0u);
  EXPECT_EQ(counts_of("example.org"), storage::day_counts{});
  EXPECT_EQ(counts_of("").messages_out, 1u);
}

TEST_F(Statistics, CountLoginsAndWhoFailsToLogIn) {
  EXPECT_TRUE(log_in("alice@example.org", "secret"));
  EXPECT_TRUE(log_in("alice@example.org", "secret")); // remembered
  EXPECT_FALSE(log_in("alice@example.org", "wrong"));
  EXPECT_FALSE(log_in("nobody@example.org", "wrong"));
  const auto org = counts_of("example.org");
  EXPECT_EQ(org.logins, 2u);
  EXPECT_EQ(org.failed_logins, 1u);
  EXPECT_EQ(counts_of("").failed_logins, 2u);
}

TEST_F(Statistics, CountNothingWhileEverybodyMayRelay) {
  accept(0, {"alice@example.org"});
  await_deliveries();
  relay_for(conf::relay_for::anyone);
  accept(0, {"alice@example.org"});
  await_deliveries();
  EXPECT_EQ(counts_of("example.org").messages_in, 1u) << "what was counted before stays";
  relay_for(conf::relay_for::nobody);
  accept(0, {"alice@example.org"});
  await_deliveries();
  const auto org = counts_of("example.org");
  EXPECT_EQ(org.messages_in, 2u);
  EXPECT_EQ(org.deliveries, 2u);
  EXPECT_EQ(counts_of("").messages_in, 2u);
}

TEST_F(Statistics, KnowADomainByAllItsNames) {
  must(domain::change_domain{"example.org", {}, {"example.com"}, {}});
  for (const char* each : {"example.org", "EXAMPLE.com", "example.com."}) happens(each);
  EXPECT_EQ(counts_of("example.org").logins, 3u);
  EXPECT_EQ(counts_of("example.com").logins, 3u);
}

TEST_F(Statistics, AreThereAfterARestart) {
  happens("example.org");
  restart(); // nothing had asked for them to be written
  happens("example.org");
  EXPECT_EQ(counts_of("example.org").logins, 2u);
}

TEST_F(Statistics, KeepDaysApart) {
  wall_clock_shift shift(-days(1));
  happens("example.org");
  EXPECT_EQ(counts_of("example.org").logins, 1u);
  shift.set({});
  happens("example.org");
  const auto found = read("example.org");
  ASSERT_EQ(found.days.size(), 2u);
  EXPECT_EQ(found.days[0].day, today() - days(1));
  EXPECT_EQ(found.days[1].day, today());
}

TEST_F(Statistics, AreRemovedWhenTheyAreTooOld) {
  wall_clock_shift shift(-days(100));
  happens("example.org");
  EXPECT_EQ(counts_of("example.org").logins, 1u);
  shift.set({});
  happens("example.org");
  EXPECT_EQ(counts_of("example.org").logins, 2u);
  EXPECT_TRUE(ask<old_removed>(tree_.statistics, remove_old{}).done);
  EXPECT_EQ(counts_of("example.org").logins, 2u) << "thirteen months is the default";

  auto rules = *settings_->get();
  rules.reports.delete_server_stats_after = months(2);
  rules.reports.delete_domain_stats_after = months(2);
  rules.reports.delete_domain_stats = false;
  settings_->set(rules);
  EXPECT_TRUE(ask<old_removed>(tree_.statistics, remove_old{}).done);
  EXPECT_EQ(counts_of("").logins, 1u);
  EXPECT_EQ(counts_of("example.org").logins, 2u);

  rules.reports.delete_domain_stats = true;
  settings_->set(rules);
  EXPECT_TRUE(ask<old_removed>(tree_.statistics, remove_old{}).done);
  EXPECT_EQ(counts_of("example.org").logins, 1u);
}

TEST_F(Statistics, GoWithTheirDomain) {
  must(domain::create_domain{"example.com"});
  happens("example.com");
  EXPECT_EQ(counts_of("example.com").logins, 1u);
  must(domain::delete_domain{"example.com"});
  happens("example.com");
  const auto gone = read("example.com");
  EXPECT_FALSE(gone.done);
  EXPECT_EQ(gone.sentence, "There is no domain example.com.");
  must(domain::create_domain{"example.com"});
  EXPECT_EQ(counts_of("example.com").logins, 0u);
}

} // namespace
} // namespace stagepost::statistics
