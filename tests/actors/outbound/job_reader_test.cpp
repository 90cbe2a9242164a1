#include "actors/outbound/job_reader.hpp"

#include "tests/actors/outbound/outbound_fixture.hpp"

namespace stagepost::outbound {
namespace {

using std::chrono::hours;

class JobReader : public outbound_fixture {
protected:
  jobs_found read(instant now, instant accepted_until) {
    job_question what;
    what.destination = "x.test";
    what.now = now;
    what.furthest = now + hours(100);
    what.accepted_until = accepted_until;
    return read_jobs(with_->shards, what);
  }
};

TEST_F(JobReader, LeavesAloneWhatCameAfterTheAttempt) {
  const auto now = wall_clock();
  put(7, now - hours(1));
  put(8, now - hours(3));
  const auto found = read(now, now - hours(2));
  ASSERT_EQ(found.jobs.size(), 1u);
  EXPECT_EQ(found.jobs.front()->message.id, queue_id{8});
  EXPECT_EQ(found.passed_over.size(), 1u);
}

TEST_F(JobReader, KnowsWhatCameWhileTheClockWasAhead) {
  const auto now = wall_clock();
  put(7, now + hours(10));
  EXPECT_EQ(read(now, now - hours(2)).jobs.size(), 1u);
}

TEST_F(JobReader, SaysWhichRowsLeadToNothingAndReadsOn) {
  const auto now = wall_clock();
  put(7, now - hours(3));
  put(8, now - hours(3));
  storage::batch deletion(*store_);
  storage::delete_spool(deletion, queue_id{7});
  commit(deletion);
  const auto found = read(now, now);
  EXPECT_TRUE(found.good);
  EXPECT_EQ(found.stray.size(), 1u);
  EXPECT_EQ(found.jobs.size(), 1u);
  EXPECT_TRUE(found.unread.empty());
}

} // namespace
} // namespace stagepost::outbound
