#include "actors/tls_results/counter.hpp"

#include "actors/wall_clock.hpp"
#include "tests/support/directory_fixture.hpp"

namespace stagepost::tls_results {
namespace {

using std::chrono::days;
using storage::tls_result;

class TlsResultCounter : public testing::directory_fixture {
protected:
  TlsResultCounter() { start(); }
  ~TlsResultCounter() override { end(std::exchange(counter_, nullptr)); }

  void start() {
    if (counter_) end(counter_);
    counter_ = system_->spawn(counter, services{store_, committer_, readers_});
  }
  static session_seen session(const std::string& domain, tls_result how = tls_result::success) {
    session_seen made;
    made.what.policy_domain = domain;
    made.what.result = how;
    return made;
  }
  static std::chrono::sys_days today() { return std::chrono::floor<days>(wall_clock()); }
  std::vector<storage::tls_result_row> rows(int days_back = 30) {
    const auto found = ask<results_found>(counter_, read_results{today() - days(days_back), today()});
    EXPECT_TRUE(found.done) << found.sentence;
    return found.rows;
  }

  counter_self counter_;
};

TEST_F(TlsResultCounter, AddsUpWhatIsAlikeAndKeepsApartWhatIsNot) {
  for (int i = 0; i < 3; ++i) tell(counter_, session("a.test"));
  tell(counter_, session("a.test", tls_result::certificate_expired));
  tell(counter_, session("b.test"));
  const auto found = rows();
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].what.day, today());
  EXPECT_EQ(found[0].what.policy_domain, "a.test");
  EXPECT_EQ(found[0].sessions, 3u);
  EXPECT_EQ(found[1].what.result, tls_result::certificate_expired);
  tell(counter_, session("a.test"));
  EXPECT_EQ(rows()[0].sessions, 4u);
}

TEST_F(TlsResultCounter, KeepsWhatItCountedOverARestart) {
  tell(counter_, session("a.test"));
  start();
  ASSERT_EQ(rows().size(), 1u);
  EXPECT_EQ(rows()[0].sessions, 1u);
}

TEST_F(TlsResultCounter, ForgetsWhatNoReportWillTell) {
  {
    wall_clock_shift shift(-(kept_for + days(1)));
    tell(counter_, session("old.test"));
    rows();
  }
  tell(counter_, session("new.test"));
  const auto found = rows();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].what.policy_domain, "new.test");
}

TEST_F(TlsResultCounter, CountsNoMoreKindsADayThanItMay) {
  sums what;
  for (int i = 0; i < 5; ++i) {
    storage::tls_result_key key;
    key.day = today();
    key.policy_domain = std::to_string(i);
    what[key] = 1;
  }
  storage::batch b(*store_);
  ASSERT_TRUE(add_to_store(b, *store_, what, today(), 3));
  storage::batch* const all[] = {&b};
  ASSERT_TRUE(store_->commit(all).front());
  EXPECT_EQ(rows().size(), 3u);
  // What is counted already goes on.
  storage::batch more(*store_);
  ASSERT_TRUE(add_to_store(more, *store_, what, today(), 3));
  storage::batch* const all_more[] = {&more};
  ASSERT_TRUE(store_->commit(all_more).front());
  const auto found = rows();
  ASSERT_EQ(found.size(), 3u);
  for (const auto& each : found) EXPECT_EQ(each.sessions, 2u);
}

} // namespace
} // namespace stagepost::tls_results
