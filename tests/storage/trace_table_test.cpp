#include "storage/trace_table.hpp"

#include "storage/spool_table.hpp"
#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

using TraceTable = store_fixture;

instant day(int number) { return from_unix_milliseconds(1'700'000'000'000 + number * 86'400'000ll); }

trace_step step(trace_kind kind) { return {day(0), kind, {{"host", "mx.example.org"}}}; }

TEST_F(TraceTable, KeepsStepsInOrder) {
  batch b(*store_);
  put_trace(b, queue_id{5}, 1, step(trace_kind::accepted));
  put_trace(b, queue_id{5}, 0, step(trace_kind::connected));
  put_trace_id(b, "<id@example.org>", queue_id{5});
  put_trace(b, queue_id{6}, 0, step(trace_kind::bounced));
  must_commit(b);
  const auto steps = read_trace(*store_, queue_id{5}, reach::disk);
  ASSERT_TRUE(steps);
  ASSERT_EQ(steps->size(), 2u);
  EXPECT_EQ((*steps)[0].kind, trace_kind::connected);
  EXPECT_EQ((*steps)[1].kind, trace_kind::accepted);
  EXPECT_EQ((*steps)[1].facts.front().second, "mx.example.org");
  EXPECT_TRUE(read_trace(*store_, queue_id{7}, reach::disk)->empty());
}

TEST_F(TraceTable, FindsAllMessagesWithAMessageId) {
  batch b(*store_);
  put_trace_id(b, "<id@example.org>", queue_id{5});
  put_trace_id(b, " id@example.org ", queue_id{9});
  put_trace_id(b, "<other@example.org>", queue_id{7});
  put_trace_id(b, "", queue_id{8});
  must_commit(b);
  EXPECT_EQ(*find_traces(*store_, "<id@example.org>", reach::disk), (std::vector{queue_id{5}, queue_id{9}}));
  EXPECT_TRUE(find_traces(*store_, "", reach::disk)->empty());
}

TEST_F(TraceTable, DeletesOldTracesButNotOfWaitingMessages) {
  std::vector<stagepost::queue_id> ids;
  batch b(*store_);
  for (int i = 0; i < 5; ++i) {
    ids.push_back(store_->next_queue_id(day(i)));
    put_trace(b, ids.back(), 0, step(trace_kind::accepted));
    put_trace(b, ids.back(), 1, step(trace_kind::delivered));
    put_trace_id(b, "<" + std::to_string(i) + "@example.org>", ids.back());
  }
  spool_record waiting;
  waiting.id = ids[1];
  put_spool(b, waiting);
  must_commit(b);
  const auto remove = [&](size_t limit) {
    batch step(*store_);
    const auto removed = delete_traces(step, *store_, day(3), limit);
    must_commit(step);
    return *removed;
  };
  EXPECT_EQ(remove(1), 1u);
  EXPECT_TRUE(read_trace(*store_, ids[0], reach::disk)->empty());
  EXPECT_TRUE(find_traces(*store_, "0@example.org", reach::disk)->empty());
  EXPECT_EQ(remove(10), 1u);
  EXPECT_EQ(remove(10), 0u);
  EXPECT_EQ(read_trace(*store_, ids[1], reach::disk)->size(), 2u);
  EXPECT_TRUE(read_trace(*store_, ids[2], reach::disk)->empty());
  EXPECT_EQ(read_trace(*store_, ids[3], reach::disk)->size(), 2u);
  EXPECT_EQ(find_traces(*store_, "3@example.org", reach::disk)->size(), 1u);
}

TEST_F(TraceTable, RemembersHowTheAgeOfTracesIsCounted) {
  EXPECT_EQ(read_trace_age(*store_, reach::disk).error().code, errc::not_found);
  trace_age age{from_unix_milliseconds(64), {{std::chrono::milliseconds(300), std::chrono::milliseconds(5)}}};
  batch b(*store_);
  put_trace_age(b, age);
  must_commit(b);
  EXPECT_EQ(*read_trace_age(*store_, reach::disk), age);
  EXPECT_EQ(encode(age), bytes("\x01\x80\x01\x01\xac\x02\x05", 7)); // golden: what is on disk
  EXPECT_EQ(decode_trace_age("\x01\x80\x01\x7f").error().code, errc::damaged);
}

} // namespace
} // namespace stagepost::storage
