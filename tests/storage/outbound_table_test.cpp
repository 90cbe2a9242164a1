#include "storage/outbound_table.hpp"

#include "storage/spool_table.hpp"
#include "storage/verify.hpp"
#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

using OutboundTable = store_fixture;

constexpr instant later = instant(std::chrono::hours(24));
constexpr instant never = instant(std::chrono::hours(1000000));

spool_recipient remote(uint32_t index, const std::string& address, instant due_at = {},
                       uint8_t priority = 5) {
  spool_recipient out;
  out.index = index;
  out.address = address;
  out.state = recipient_state::remote;
  out.attempts = due_at == instant{} ? 0 : 1;
  out.due_at = due_at;
  out.priority = priority;
  return out;
}

std::vector<uint64_t> ids_of(const std::vector<outbound_row>& rows) {
  std::vector<uint64_t> out;
  for (const auto& each : rows) out.push_back(each.id.value);
  return out;
}

TEST_F(OutboundTable, NamesTheDestinationByTheDomainUnlessTheRecordSaysAnother) {
  auto who = remote(0, "Bob@Example.ORG");
  EXPECT_EQ(destination_of(who), "example.org");
  who.destination = "gateway one";
  EXPECT_EQ(destination_of(who), "gateway one");
  EXPECT_EQ(destination_of(remote(0, "postmaster")), "");
  EXPECT_EQ(destination_of(remote(0, "a@" + std::string(300, 'x'))).size(), max_destination);
}

TEST_F(OutboundTable, FindsWhatIsDueInOrderOfTimeAndGoesOnBehindIt) {
  batch b(*store_);
  put_recipient(b, queue_id{1}, remote(0, "a@one.test", instant(std::chrono::seconds(30))));
  put_recipient(b, queue_id{2}, remote(0, "a@two.test", instant(std::chrono::seconds(10))));
  put_recipient(b, queue_id{3}, remote(0, "a@three.test", later));
  put_recipient(b, queue_id{4}, remote(0, "a@fresh.test"));
  must_commit(b);
  const auto now = instant(std::chrono::seconds(60));
  const auto first = read_due(*store_, {}, now, 2, reach::disk);
  ASSERT_TRUE(first);
  EXPECT_EQ(ids_of(first->rows), (std::vector<uint64_t>{4, 2}));
  EXPECT_EQ(first->rows.front().destination, "fresh.test");
  EXPECT_FALSE(first->is_last);
  const auto rest = read_due(*store_, first->next, now, 2, reach::disk);
  EXPECT_EQ(ids_of(rest->rows), (std::vector<uint64_t>{1}));
  EXPECT_TRUE(rest->is_last);
  EXPECT_TRUE(read_due(*store_, rest->next, now, 2, reach::disk)->rows.empty());
  EXPECT_EQ(**next_due(*store_, now, reach::disk), later);
  EXPECT_FALSE(*next_due(*store_, later, reach::disk));
}

TEST_F(OutboundTable, FindsWhatIsDueAtADestinationByPriorityThenAge) {
  batch b(*store_);
  put_recipient(b, queue_id{1}, remote(0, "a@one.test", instant(std::chrono::seconds(30))));
  put_recipient(b, queue_id{2}, remote(0, "a@one.test", instant(std::chrono::seconds(10))));
  put_recipient(b, queue_id{3}, remote(0, "a@one.test", instant(std::chrono::seconds(50)), 10));
  put_recipient(b, queue_id{4}, remote(0, "a@one.test", later, 9));
  put_recipient(b, queue_id{5}, remote(0, "a@one.test.example", instant(std::chrono::seconds(10))));
  put_recipient(b, queue_id{6}, remote(0, "a@one.test", instant(std::chrono::seconds(50)), 1));
  must_commit(b);
  outbound_question what{"one.test", instant(std::chrono::seconds(60)), never, 10, {}};
  EXPECT_EQ(ids_of(read_outbound(*store_, what, reach::disk)->rows), (std::vector<uint64_t>{3, 2, 1, 6}));
  what.skip = {{queue_id{2}, 0}};
  what.limit = 2;
  EXPECT_EQ(ids_of(read_outbound(*store_, what, reach::disk)->rows), (std::vector<uint64_t>{3, 1}));
}

TEST_F(OutboundTable, TakesATimeFromBeforeTheClockWentBackForDue) {
  batch b(*store_);
  put_recipient(b, queue_id{1}, remote(0, "a@one.test", later));
  put_recipient(b, queue_id{2}, remote(0, "a@one.test", never));
  must_commit(b);
  const outbound_question what{"one.test", instant(std::chrono::seconds(60)), later, 10, {}};
  EXPECT_EQ(ids_of(read_outbound(*store_, what, reach::disk)->rows), (std::vector<uint64_t>{2}));
}

TEST_F(OutboundTable, GoesOnWhereFirstAttemptsBeganWithoutMissingWhatComesNext) {
  batch b(*store_);
  for (const uint64_t id : {1, 2, 3}) put_recipient(b, queue_id{id}, remote(0, "a@one.test"));
  auto again = remote(0, "a@one.test", instant(std::chrono::seconds(50)));
  put_recipient(b, queue_id{9}, again);
  must_commit(b);
  outbound_question what{"one.test", instant(std::chrono::seconds(60)), later, 10, {}};
  auto read = [&] {
    auto found = read_outbound(*store_, what, reach::disk);
    what.from = found->begins;
    return ids_of(found->rows);
  };
  EXPECT_EQ(read(), (std::vector<uint64_t>{1, 2, 3, 9}));
  const auto first_place = what.from;
  batch sent(*store_);
  for (const uint64_t id : {1, 2}) delete_recipient(sent, queue_id{id}, remote(0, "a@one.test"));
  put_recipient(sent, queue_id{4}, remote(0, "a@one.test"));
  put_recipient(sent, queue_id{5}, remote(0, "a@one.test", instant{}, 10));
  must_commit(sent);
  EXPECT_EQ(read(), (std::vector<uint64_t>{5, 3, 4, 9})) << "a priority that was not there before, too";
  EXPECT_NE(what.from, first_place);
  // When all is sent the place is kept: what comes next is behind it.
  batch all_sent(*store_);
  for (const uint64_t id : {3, 4}) delete_recipient(all_sent, queue_id{id}, remote(0, "a@one.test"));
  delete_recipient(all_sent, queue_id{5}, remote(0, "a@one.test", instant{}, 10));
  must_commit(all_sent);
  EXPECT_EQ(read(), (std::vector<uint64_t>{9})) << "an attempt made again is no place to begin at";
  batch next(*store_);
  put_recipient(next, queue_id{6}, remote(0, "a@one.test"));
  must_commit(next);
  EXPECT_EQ(read(), (std::vector<uint64_t>{6, 9}));
}

TEST_F(OutboundTable, FollowsTheRecord) {
  auto who = remote(3, "a@one.test");
  batch b(*store_);
  put_recipient(b, queue_id{1}, who);
  must_commit(b);
  auto deferred = who;
  deferred.attempts = 1;
  deferred.due_at = later;
  deferred.priority = 2;
  batch changed(*store_);
  change_recipient(changed, queue_id{1}, who, deferred);
  must_commit(changed);
  const auto all = read_destinations(*store_, {}, {}, 10, reach::disk);
  ASSERT_EQ(all->rows.size(), 1u);
  EXPECT_EQ(all->rows.front().due_at, later);
  EXPECT_EQ(all->rows.front().priority, 2);
  EXPECT_EQ(all->rows.front().index, 3u);
  EXPECT_TRUE(read_due(*store_, {}, instant{}, 10, reach::disk)->rows.empty());
  EXPECT_EQ(read_recipients(*store_, queue_id{1}, 0, 10, reach::disk)->recipients.front().priority, 2);
  auto held = deferred;
  held.state = recipient_state::held;
  batch put_aside(*store_);
  change_recipient(put_aside, queue_id{1}, deferred, held);
  must_commit(put_aside);
  EXPECT_TRUE(read_destinations(*store_, {}, {}, 10, reach::disk)->rows.empty());
  batch again(*store_);
  change_recipient(again, queue_id{1}, held, deferred);
  must_commit(again);
  batch gone(*store_);
  delete_recipient(gone, queue_id{1}, deferred);
  must_commit(gone);
  EXPECT_TRUE(read_destinations(*store_, {}, {}, 10, reach::disk)->rows.empty());
  EXPECT_TRUE(read_due(*store_, {}, never, 10, reach::disk)->rows.empty());
}

TEST_F(OutboundTable, PagesThroughDestinations) {
  batch b(*store_);
  for (uint64_t i = 1; i <= 5; ++i)
    put_recipient(b, queue_id{i}, remote(0, "a@d" + std::to_string(i % 2) + ".test"));
  must_commit(b);
  const auto first = read_destinations(*store_, {}, {}, 3, reach::disk);
  EXPECT_EQ(ids_of(first->rows), (std::vector<uint64_t>{2, 4, 1}));
  const auto rest = read_destinations(*store_, {}, first->next, 3, reach::disk);
  EXPECT_EQ(ids_of(rest->rows), (std::vector<uint64_t>{3, 5}));
  EXPECT_TRUE(rest->next.empty());
  EXPECT_EQ(ids_of(read_destinations(*store_, "d0.test", {}, 10, reach::disk)->rows),
            (std::vector<uint64_t>{2, 4}));
}

TEST_F(OutboundTable, NamesEachDestinationOnce) {
  EXPECT_TRUE(read_destination_names(*store_, 10, reach::disk)->empty());
  batch b(*store_);
  for (uint64_t i = 1; i <= 50; ++i)
    for (const auto* each : {"a@d.test", "a@d.test.example", "a@far.test"})
      put_recipient(b, queue_id{i},
                    remote(uint32_t(each[2]) + uint32_t(std::string_view(each).size()), each));
  must_commit(b);
  EXPECT_EQ(*read_destination_names(*store_, 10, reach::disk),
            (std::vector<std::string>{"d.test", "d.test.example", "far.test"}));
  EXPECT_EQ(*read_destination_names(*store_, 2, reach::disk),
            (std::vector<std::string>{"d.test", "d.test.example"}));
}

TEST_F(OutboundTable, IsRidOfARecipientWhoseRecordIsLost) {
  batch rows(*store_);
  for (uint32_t index = 0; index < 3; ++index) {
    spool_recipient who;
    who.index = index;
    who.address = "r@far.test";
    who.state = recipient_state::remote;
    who.priority = uint8_t(9 - index);
    put_outbound(rows, queue_id{7}, who);
  }
  must_commit(rows);
  batch changes(*store_);
  ASSERT_TRUE(delete_outbound_of(changes, *store_, queue_id{7}, 1));
  must_commit(changes);
  const auto due = read_due(*store_, {}, instant{}, 10, reach::disk);
  ASSERT_EQ(due->rows.size(), 2u);
  EXPECT_EQ(due->rows[1].index, 2u);
  EXPECT_EQ(read_destinations(*store_, "far.test", {}, 10, reach::disk)->rows.size(), 2u);
}

} // namespace
} // namespace stagepost::storage
