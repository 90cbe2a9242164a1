#include "storage/migrations/migrations.hpp"

#include "storage/verify.hpp"
#include "tests/storage/store_fixture.hpp"
#include "tests/support/temporary_folder.hpp"

#include <array>
#include <filesystem>

namespace stagepost::storage {
namespace {

using Migrations = store_fixture;

constexpr mailbox_id folder{7};
constexpr uint64_t second = store::schema_version + 1;
constexpr uint64_t third = store::schema_version + 2;

result<done> add_one_to_uid_next(store& in) {
  auto counters = read_counters(in, folder, reach::disk);
  if (!counters) return counters.error();
  counters->uid_next = uid{counters->uid_next.value + 1};
  batch b(in);
  put_counters(b, folder, *counters);
  batch* const all[] = {&b};
  return in.commit(all).front();
}

result<done> refuse(store&) { return failure<errc>{errc::damaged, "no"}; }

constexpr std::array two_steps{migration{second, "first step", add_one_to_uid_next},
                               migration{third, "second step", add_one_to_uid_next}};

TEST_F(Migrations, AreAppliedInOrderAfterACopyIsMade) {
  batch b(*store_);
  put_counters(b, folder, {uid{10}, modseq{1}, 0, 0, 0, 0, {}});
  must_commit(b);
  const auto moved = migrate(*store_, two_steps);
  ASSERT_TRUE(moved) << moved.error().detail;
  EXPECT_EQ(*store_->schema(), third);
  EXPECT_EQ(read_counters(*store_, folder, reach::disk)->uid_next, uid{12});
  store_.reset();
  const auto copy = store::open(store_kind::shard, "/store.before-" + std::to_string(third), options());
  ASSERT_TRUE(copy) << copy.error().detail;
  EXPECT_EQ(read_counters(**copy, folder, reach::disk)->uid_next, uid{10});
}

TEST_F(Migrations, ThatAreDoneAreNotRepeated) {
  batch b(*store_);
  put_counters(b, folder, {uid{10}, modseq{1}, 0, 0, 0, 0, {}});
  must_commit(b);
  ASSERT_TRUE(migrate(*store_, std::span(two_steps).first(1)));
  ASSERT_TRUE(migrate(*store_, two_steps));
  ASSERT_TRUE(migrate(*store_, two_steps));
  EXPECT_EQ(read_counters(*store_, folder, reach::disk)->uid_next, uid{12});
}

TEST_F(Migrations, ThatFailLeaveTheMark) {
  constexpr std::array failing{migration{second, "refused", refuse}};
  const auto moved = migrate(*store_, failing);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().detail, "migration " + std::to_string(second) + " (refused): no");
  EXPECT_EQ(*store_->schema(), store::schema_version);
}

TEST(StoredExample, OfLayoutOneOpensAndIsSound) {
  const std::filesystem::path example = STAGEPOST_SOURCE_DIR "/tests/data/storage/v1";
  ASSERT_TRUE(std::filesystem::exists(example / "CURRENT"));
  const testing::temporary_folder copy;
  std::filesystem::copy(example, copy.path());
  store_options options;
  options.memtable_bytes = 256 << 10;
  options.shard = 1;
  {
    auto opened = store::open(store_kind::shard, copy.path(), options);
    ASSERT_TRUE(opened) << opened.error().detail;
    const auto& in = **opened;
    const auto folders = read_folders(in, account_id{1}, reach::disk);
    ASSERT_TRUE(folders);
    ASSERT_EQ(folders->size(), 2u);
    EXPECT_EQ(folders->front().name, "INBOX");
    const auto counters = read_counters(in, folders->front().id, reach::disk);
    ASSERT_TRUE(counters);
    EXPECT_EQ(counters->messages, 3u);
    const auto message = read_message(in, folders->front().id, uid{2}, reach::disk);
    ASSERT_TRUE(message);
    EXPECT_EQ(*read_body(in, message->body, 0, UINT64_MAX, reach::disk), bytes(1502, 'c'));
    const auto report = verify(in, {});
    ASSERT_TRUE(report);
    for (const auto& f : report->findings) ADD_FAILURE() << f.where << ": " << f.what;
    EXPECT_EQ(report->spooled, 1u);
  }
}

} // namespace
} // namespace stagepost::storage
