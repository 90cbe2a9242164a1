#include "actors/outbound/job_reader.hpp"

#include "tests/actors/outbound/outbound_fixture.hpp"

namespace stagepost::outbound {
namespace {

using std::chrono::hours;

class JobReader : public outbound_fixture {
protected:
  jobs_found read(instant now) {
    job_question what;
    what.destination = "x.test";
    what.now = now;
    what.furthest = now + hours(100);
    return read_jobs(with_->shards, what);
  }
};

TEST_F(JobReader, KnowsWhatCameAfterAnAttempt) {
  const auto now = wall_clock();
  put(7, now - hours(1));
  put(8, now - hours(3));
  const auto found = read(now);
  ASSERT_EQ(found.jobs.size(), 2u);
  EXPECT_TRUE(came_later(found.jobs[0]->message, now - hours(2), now));
  EXPECT_FALSE(came_later(found.jobs[1]->message, now - hours(2), now));
}

TEST_F(JobReader, KnowsWhatCameWhileTheClockWasAhead) {
  const auto now = wall_clock();
  put(7, now + hours(10));
  const auto found = read(now);
  ASSERT_EQ(found.jobs.size(), 1u);
  EXPECT_FALSE(came_later(found.jobs[0]->message, now - hours(2), now));
}

TEST_F(JobReader, SaysWhichRowsLeadToNothingAndReadsOn) {
  const auto now = wall_clock();
  put(7, now - hours(3));
  put(8, now - hours(3));
  storage::batch deletion(*store_);
  storage::delete_spool(deletion, queue_id{7});
  commit(deletion);
  const auto found = read(now);
  EXPECT_TRUE(found.good);
  EXPECT_EQ(found.stray.size(), 1u);
  EXPECT_EQ(found.jobs.size(), 1u);
  EXPECT_TRUE(found.unread.empty());
}

} // namespace
} // namespace stagepost::outbound
