#include "actors/spool/trace_keeper.hpp"

#include "actors/wall_clock.hpp"
#include "tests/support/tree_fixture.hpp"

namespace stagepost::spool {
namespace {

using std::chrono::days;

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
