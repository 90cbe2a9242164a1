#include "storage/statistics_table.hpp"

#include "storage/batch_access.hpp"
#include "storage/directory.hpp"
#include "storage/verify.hpp"
#include "tests/storage/store_fixture.hpp"

#include <rocksdb/db.h>

namespace stagepost::storage {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr domain_id whole_server{};
constexpr domain_id first{1}, second{2};
constexpr sys_days start{days(20000)};

class StatisticsTable : public store_fixture {
protected:
  StatisticsTable() {
    store_.reset();
    files_ = std::make_shared<testing::fault_file_system>();
    env_ = testing::make_env(files_);
    auto opened = try_open(store_kind::system);
    EXPECT_TRUE(opened);
    store_ = std::move(*opened);
    batch b(*store_);
    for (const auto each : {first, second})
      put_domain(b, {each, "d" + std::to_string(each.value), {}, {}, {}}, std::nullopt);
    must_commit(b);
  }

  void put(domain_id domain, sys_days day, uint64_t messages) {
    batch b(*store_);
    put_statistics(b, {domain, day, {messages}});
    must_commit(b);
  }
  std::vector<sys_days> days_of(domain_id domain) {
    std::vector<sys_days> out;
    const auto found = read_statistics(*store_, domain, start, start + days(1000), 5000, reach::disk);
    EXPECT_TRUE(found);
    for (const auto& each : *found) out.push_back(each.day);
    return out;
  }
  /// Removes in steps, as the product does; answers how many days went.
  size_t remove_all(const kept_statistics& kept, size_t step) {
    for (size_t sum = 0;;) {
      batch b(*store_);
      const auto removed = delete_statistics(b, *store_, kept, step);
      EXPECT_TRUE(removed);
      if (!removed || *removed == 0) return sum;
      EXPECT_LE(*removed, step);
      sum += *removed;
      must_commit(b);
    }
  }
};

TEST_F(StatisticsTable, KeepsDaysOfDomainsApart) {
  put(first, start, 1);
  put(first, start + days(1), 2);
  put(second, start, 3);
  EXPECT_EQ(read_statistics(*store_, first, start + days(1), reach::disk)->messages_in, 2u);
  EXPECT_EQ(read_statistics(*store_, second, start, reach::disk)->messages_in, 3u);
  EXPECT_EQ(*read_statistics(*store_, second, start + days(1), reach::disk), day_counts{});
  EXPECT_EQ(days_of(first), (std::vector<sys_days>{start, start + days(1)}));
}

TEST_F(StatisticsTable, ReadsFromOneDayToAnother) {
  for (int i = 0; i < 10; ++i) put(first, start + days(i), uint64_t(i));
  const auto found = read_statistics(*store_, first, start + days(3), start + days(5), 100, reach::disk);
  ASSERT_EQ(found->size(), 3u);
  EXPECT_EQ(found->front().counts.messages_in, 3u);
  EXPECT_EQ(found->back().day, start + days(5));
  EXPECT_EQ(read_statistics(*store_, first, start, start + days(9), 4, reach::disk)->size(), 4u);
}

TEST_F(StatisticsTable, RemovesWhatIsOlderThanItsRule) {
  for (int i = 0; i < 10; ++i)
    for (const auto each : {whole_server, first, second}) put(each, start + days(i), 1);
  EXPECT_EQ(remove_all({start + days(8), start + days(9)}, 4), 8u + 9u + 9u);
  EXPECT_EQ(days_of(whole_server).front(), start + days(8));
  for (const auto each : {first, second})
    EXPECT_EQ(days_of(each), std::vector<sys_days>{start + days(9)}) << each.value;
}

TEST_F(StatisticsTable, RemovesNothingWithoutARule) {
  for (const auto each : {whole_server, first}) put(each, start, 1);
  EXPECT_EQ(remove_all({}, 100), 0u);
  EXPECT_EQ(remove_all({std::nullopt, start + days(1)}, 100), 1u);
  EXPECT_EQ(days_of(whole_server).size(), 1u);
  EXPECT_TRUE(days_of(first).empty());
}

TEST_F(StatisticsTable, GoesWithItsDomain) {
  for (const auto each : {whole_server, first, second}) put(each, start, 1);
  batch b(*store_);
  delete_statistics(b, first);
  must_commit(b);
  EXPECT_TRUE(days_of(first).empty());
  EXPECT_EQ(days_of(second).size(), 1u);
  EXPECT_EQ(days_of(whole_server).size(), 1u);
}

TEST_F(StatisticsTable, RemovesWhatWasWrittenBehindTheEndOfADomain) {
  constexpr domain_id gone{77};
  for (int i = 0; i < 5; ++i) put(gone, start + days(i), 1);
  for (const auto each : {whole_server, first}) put(each, start, 1);
  EXPECT_EQ(remove_all({}, 2), 5u) << "without any rule";
  EXPECT_TRUE(days_of(gone).empty());
  EXPECT_EQ(days_of(first).size(), 1u);
  EXPECT_EQ(days_of(whole_server).size(), 1u);
}

TEST_F(StatisticsTable, IsVerified) {
  put(first, start, 1);
  EXPECT_TRUE(verify(*store_, {})->sound());
  batch b(*store_);
  batch_access::put(b, family::statistics, "not a key", "not a value");
  must_commit(b);
  EXPECT_EQ(verify(*store_, {})->finding_count, 2u);
}

TEST_F(StatisticsTable, IsAddedToAStoreMadeBeforeIt) {
  ASSERT_TRUE(store_->db().DropColumnFamily(store_->handle(family::statistics)).ok());
  open_store(store_kind::system);
  put(first, start, 1);
  EXPECT_EQ(days_of(first).size(), 1u);
}

} // namespace
} // namespace stagepost::storage
