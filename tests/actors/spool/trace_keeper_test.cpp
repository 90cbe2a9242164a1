#include "actors/spool/trace_keeper.hpp"

#include "actors/wall_clock.hpp"
#include "tests/support/tree_fixture.hpp"

namespace stagepost::spool {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

constexpr instant start{1'800'000'000'000ms};
constexpr auto kept = days(30);

/// A server's life: the wall clock and what the keeper knows, looked at each ten minutes while it runs.
struct life {
  instant now = start;
  storage::trace_age age{start, {}};
  instant end = start - kept;

  void run(std::chrono::milliseconds time) {
    for (; time > 0ms; time -= 10min) {
      now += 10min;
      end = end_of_traces(age, now, 10min, kept);
    }
  }
  void jump(std::chrono::milliseconds by) { now += by; }
  bool keeps(instant trace) const { return trace >= end; }
};

TEST(EndOfTraces, FollowsTheClock) {
  life server;
  const auto trace = server.now;
  server.run(kept);
  EXPECT_TRUE(server.keeps(trace));
  server.run(10min);
  EXPECT_FALSE(server.keeps(trace));
}

TEST(EndOfTraces, LetsNothingGoByAJumpOfAYear) {
  life server;
  const auto old = server.now;
  server.run(days(10));
  server.jump(days(365));
  const auto fresh = server.now;
  server.run(days(20));
  EXPECT_TRUE(server.keeps(old));
  EXPECT_TRUE(server.keeps(fresh));
  server.run(20min);
  EXPECT_FALSE(server.keeps(old));
  server.run(days(10) - 20min);
  EXPECT_TRUE(server.keeps(fresh));
  server.run(20min);
  EXPECT_FALSE(server.keeps(fresh));
  EXPECT_TRUE(server.age.jumps.empty());
}

TEST(EndOfTraces, CountsEachJumpForWhatCameBeforeIt) {
  life server;
  const auto first = server.now;
  server.jump(days(365));
  server.run(days(10));
  const auto second = server.now;
  server.jump(days(100));
  server.run(days(20));
  EXPECT_TRUE(server.keeps(first));
  server.run(20min);
  EXPECT_FALSE(server.keeps(first));
  server.run(days(10) - 20min);
  EXPECT_TRUE(server.keeps(second));
  server.run(20min);
  EXPECT_FALSE(server.keeps(second));
}

TEST(EndOfTraces, ForgetsAJumpThatIsTakenBack) {
  life server;
  const auto trace = server.now;
  server.jump(days(365));
  server.run(days(1));
  server.jump(-days(365));
  server.run(days(29));
  EXPECT_TRUE(server.keeps(trace));
  server.run(20min);
  EXPECT_FALSE(server.keeps(trace));
}

TEST(EndOfTraces, KeepsAllWhileTheClockIsSetBack) {
  life server;
  const auto trace = server.now;
  server.jump(-days(365));
  server.run(days(40));
  EXPECT_TRUE(server.keeps(trace));
  server.jump(days(365));
  server.run(10min);
  EXPECT_TRUE(server.keeps(server.now - 10min));
}

TEST(EndOfTraces, RemembersABoundedNumberOfJumps) {
  life server;
  const auto trace = server.now;
  for (int i = 0; i < 1000; ++i) {
    server.jump(1h);
    server.run(10min);
  }
  EXPECT_LE(server.age.jumps.size(), 64u);
  EXPECT_TRUE(server.keeps(trace));
}

class TraceKeeper : public testing::tree_fixture {
protected:
  queue_id accept_now() {
    must(domain::create_domain{"example.org"});
    add_user("alice@example.org");
    auto what = message(0, {"alice@example.org"});
    what.id = shards_[0]->next_queue_id(wall_clock());
    accept(0, what);
    await_deliveries();
    return what.id;
  }
  bool has_trace(queue_id id) { return !storage::read_trace(*shards_[0], id, storage::reach::disk)->empty(); }
  /// Lets the keeper look, and waits until it has.
  void look() {
    const auto before = last_look();
    caf::anon_send(tree_.shards[0].traces, atom::tick::value);
    EXPECT_TRUE(eventually([&] { return last_look() != before; }));
  }
  instant last_look() {
    const auto age = storage::read_trace_age(*shards_[0], storage::reach::disk);
    return age ? age->looked_at : instant{};
  }
};

TEST_F(TraceKeeper, ForgetsWhatIsOld) {
  must(domain::create_domain{"example.org"});
  add_user("alice@example.org");
  const auto id = accept(0, {"alice@example.org"}); // in 2023
  await_deliveries();
  ASSERT_TRUE(has_trace(id));
  look();
  EXPECT_FALSE(has_trace(id));
}

TEST_F(TraceKeeper, KeepsTracesWhenTheClockJumpsAYear) {
  const auto id = accept_now();
  look();
  wall_clock_shift shift(days(365));
  look();
  EXPECT_TRUE(has_trace(id));
  shift.set(-days(365));
  look();
  EXPECT_TRUE(has_trace(id));
}

TEST_F(TraceKeeper, KeepsTracesWhenTheClockJumpsWhileTheServerIsDown) {
  const auto id = accept_now();
  look();
  close_stores();
  wall_clock_shift shift(days(365));
  open_stores();
  plant();
  look();
  EXPECT_TRUE(has_trace(id));
}

} // namespace
} // namespace stagepost::spool
