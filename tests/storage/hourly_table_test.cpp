#include "storage/hourly_table.hpp"

#include "protocols/base/text.hpp"
#include "storage/batch_access.hpp"
#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

constexpr hourly_key of_domain{0x01020304, hourly_kind::domain_sends, 5};

TEST(HourlyRecord, HasTheseOctetsOnDisk) {
  EXPECT_EQ(to_hex(to_octets(of_domain)), "686f75726c792f01020304010000000000000005");
  EXPECT_EQ(to_hex(to_octets({1, hourly_kind::domain_bounces, 0x0102})),
            "686f75726c792f00000001030000000000000102");
  EXPECT_EQ(to_hex(encode(hourly_counts{3, 300})), "0103ac02");
}

TEST(HourlyRecord, IsReadBackAsWritten) {
  EXPECT_EQ(take_hourly_key(to_octets(of_domain)), of_domain);
  EXPECT_EQ(*decode_hourly(encode(hourly_counts{3, 300})), (hourly_counts{3, 300}));
  EXPECT_FALSE(decode_hourly("\x01\x03"));
  EXPECT_FALSE(decode_hourly("\x02\x03\x03"));
  EXPECT_FALSE(take_hourly_key("hourly/"));
  EXPECT_FALSE(take_hourly_key("import/12341234567812"));
  auto of_no_kind = to_octets(of_domain);
  of_no_kind[11] = 4;
  EXPECT_FALSE(take_hourly_key(of_no_kind));
}

class HourlyTable : public store_fixture {};

TEST_F(HourlyTable, GivesBackWhatIsThereAndNothingElse) {
  batch b(*store_);
  put_hourly(b, {of_domain, {1, 2}});
  put_hourly(b, {{7, hourly_kind::user_sends, 9}, {3, 4}});
  put_hourly(b, {{8, hourly_kind::user_sends, 9}, {5, 6}});
  batch_access::put(b, family::meta, "hourly0", "not one of these");
  must_commit(b);
  batch later(*store_);
  put_hourly(later, {of_domain, {2, 4}});
  delete_hourly(later, {7, hourly_kind::user_sends, 9});
  must_commit(later);
  const auto rows = read_hourly(*store_, reach::disk);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ((*rows)[0].key, (hourly_key{8, hourly_kind::user_sends, 9}));
  EXPECT_EQ((*rows)[1].key, of_domain);
  EXPECT_EQ((*rows)[1].counts, (hourly_counts{2, 4}));
}

TEST_F(HourlyTable, CountsNothingForADamagedRow) {
  batch b(*store_);
  batch_access::put(b, family::meta, to_octets(of_domain), "\x09");
  must_commit(b);
  const auto rows = read_hourly(*store_, reach::disk);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->front().counts, hourly_counts{});
}

} // namespace
} // namespace stagepost::storage
