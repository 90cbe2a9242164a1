#include "storage/answered_table.hpp"

#include "protocols/base/text.hpp"
#include "storage/batch_access.hpp"
#include "tests/storage/store_fixture.hpp"

#include <algorithm>

namespace stagepost::storage {
namespace {

constexpr account_id ann{1}, ben{2};

instant at(int64_t seconds) { return from_unix_milliseconds(seconds * 1000); }

class AnsweredTable : public store_fixture {
protected:
  void answer(account_id who, const std::string& sender, int64_t seconds) {
    batch b(*store_);
    put_answered(b, {who, sender}, {at(seconds), queue_id{7}, queue_id{8}, {}});
    must_commit(b);
  }
};

TEST(AnsweredRecord, HasTheseOctetsOnDisk) {
  EXPECT_EQ(to_hex(encode(answered_record{from_unix_milliseconds(64), queue_id{300}, queue_id{4}, {}})),
            "018001ac0204");
  EXPECT_EQ(to_hex(encode(answered_record{from_unix_milliseconds(64), queue_id{300}, queue_id{}, "xy"})),
            "028001ac0200027879");
}

TEST(AnsweredRecord, IsReadBackAsWritten) {
  const answered_record what{at(1700000000), queue_id{300}, queue_id{4}, {}};
  EXPECT_EQ(*decode_answered(encode(what)), what);
  const answered_record waits{at(1700000000), queue_id{300}, queue_id{}, "a reply"};
  EXPECT_EQ(*decode_answered(encode(waits)), waits);
  EXPECT_FALSE(decode_answered("\x01\x03"));
  EXPECT_FALSE(decode_answered("\x02\x03\x03\x03"));
  EXPECT_FALSE(decode_answered("\x03\x03\x03\x03\x01x"));
}

TEST_F(AnsweredTable, KeepsTheLastAnswerToEachSender) {
  answer(ann, "x@far.test", 10);
  answer(ann, "x@far.test", 20);
  answer(ben, "x@far.test", 30);
  const auto found = read_answered(*store_, {ann, "x@far.test"}, reach::disk);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ(**found, (answered_record{at(20), queue_id{7}, queue_id{8}, {}}));
  const auto nobody = read_answered(*store_, {ann, "x@far.tes"}, reach::disk);
  ASSERT_TRUE(nobody);
  EXPECT_FALSE(*nobody);
}

TEST_F(AnsweredTable, NamesTheOldestOfAnAccountBeyondSoMany) {
  for (const int each : {5, 1, 4, 2, 3}) answer(ann, std::to_string(each) + "@far.test", each);
  answer(ben, "0@far.test", 0);
  const auto all = superfluous_answers(*store_, ann, 5, reach::disk);
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->empty());
  auto two = superfluous_answers(*store_, ann, 3, reach::disk);
  ASSERT_TRUE(two);
  std::sort(two->begin(), two->end());
  EXPECT_EQ(*two, (std::vector<answered_key>{{ann, "1@far.test"}, {ann, "2@far.test"}}));
}

TEST_F(AnsweredTable, IsLookedThroughInPartsForOldAnswers) {
  for (const int each : {1, 2, 3, 4}) answer(ann, std::to_string(each) + "@far.test", each);
  answer(ben, "1@far.test", 1);
  batch b(*store_);
  batch_access::put(b, family::answered, std::string(7, '\0') + "\x02" + "2@far.test", "\x09");
  must_commit(b);
  std::vector<answered_key> old;
  answered_key from;
  size_t parts = 0;
  do {
    const auto page = read_old_answers(*store_, from, at(3), 2, reach::disk);
    ASSERT_TRUE(page);
    old.insert(old.end(), page->old.begin(), page->old.end());
    from = page->next;
    ++parts;
  } while (from.account);
  EXPECT_EQ(parts, 3u);
  EXPECT_EQ(old, (std::vector<answered_key>{
                     {ann, "1@far.test"}, {ann, "2@far.test"}, {ben, "1@far.test"}, {ben, "2@far.test"}}));
  batch drop(*store_);
  for (const auto& each : old) delete_answered(drop, each);
  must_commit(drop);
  EXPECT_FALSE(*read_answered(*store_, {ben, "1@far.test"}, reach::disk));
  EXPECT_TRUE(*read_answered(*store_, {ann, "3@far.test"}, reach::disk));
}

TEST_F(AnsweredTable, NamesRepliesThatWaitHoweverOldTheyAre) {
  answer(ann, "1@far.test", 1);
  batch b(*store_);
  put_answered(b, {ann, "2@far.test"}, {at(1), queue_id{7}, queue_id{}, "a reply"});
  put_answered(b, {ben, "3@far.test"}, {at(9), queue_id{7}, queue_id{}, "a reply"});
  must_commit(b);
  const auto page = read_old_answers(*store_, {}, at(5), 10, reach::disk);
  ASSERT_TRUE(page);
  EXPECT_FALSE(page->next.account);
  EXPECT_EQ(page->old, (std::vector<answered_key>{{ann, "1@far.test"}}));
  EXPECT_EQ(page->waiting, (std::vector<answered_key>{{ann, "2@far.test"}, {ben, "3@far.test"}}));
}

} // namespace
} // namespace stagepost::storage
