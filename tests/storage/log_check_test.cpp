#include "storage/log_check.hpp"

#include "storage/crc32c.hpp"
#include "storage/log_scan.hpp"
#include "tests/storage/store_fixture.hpp"

#include <rocksdb/db.h>

namespace stagepost::storage {
namespace {

constexpr mailbox_id folder{7};

/// A store whose log holds twenty batches of about 3 KB, closed as by a power cut.
class LogCheck : public store_fixture {
protected:
  void SetUp() override {
    for (uint32_t i = 1; i <= 20; ++i) {
      batch b(*store_);
      put_body(b, bytes(3000, char('a' + i)), folder, uid{i});
      put_message(b, folder, uid{i}, {blob_id{i}, i, {}, {}, {}});
      must_commit(b);
    }
    files_->cut();
    store_.reset();
    files_->power_on(7);
    for (const auto& name : files_->names(".log"))
      if (files_->read(name).size() > 50'000) log_ = name;
    ASSERT_NE(log_, "");
    content_ = files_->read(log_);
  }

  /// How many of the messages are there.
  uint32_t count() {
    uint32_t found = 0;
    while (found < 20 && read_message(*store_, folder, uid{found + 1}, reach::disk)) ++found;
    return found;
  }

  std::string log_;
  bytes content_;
};

TEST(Crc32c, IsTheOneOfRfc3720) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(bytes(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c("6789", crc32c("12345")), 0xe3069283u);
}

TEST_F(LogCheck, OpensAfterAPowerCut) {
  open_store();
  EXPECT_EQ(count(), 20u);
}

TEST_F(LogCheck, TakesALogThatIsCutOffAtItsEnd) {
  for (const size_t lost : {1u, 100u, 3000u, 10'000u}) {
    const auto log = log_;
    files_->write(log, content_.substr(0, content_.size() - lost));
    log_scan found;
    const auto torn = files_->read(log);
    ASSERT_TRUE(scan_log(
        torn.size(), 0,
        [&](uint64_t at, size_t size, bytes& out) {
          out = torn.substr(at, size);
          return true;
        },
        found));
    EXPECT_FALSE(found.sound_after) << lost;
  }
  open_store();
  EXPECT_EQ(count(), 16u);
}

TEST_F(LogCheck, TakesALogWithZerosAtItsEnd) {
  auto torn = content_;
  std::fill(torn.end() - 1000, torn.end(), '\0');
  files_->write(log_, torn);
  open_store();
  EXPECT_EQ(count(), 19u);
}

TEST_F(LogCheck, StopsAtDamageInTheMiddle) {
  for (const size_t where : {size_t(20'000), size_t(33'000), content_.size() - 5'000}) {
    auto damaged = content_;
    damaged[where] ^= 0x10;
    files_->write(log_, damaged);
    const auto opened = try_open();
    ASSERT_FALSE(opened) << where;
    EXPECT_EQ(opened.error().code, errc::damaged);
    EXPECT_NE(opened.error().detail.find(log_.substr(log_.rfind('/') + 1)), std::string::npos);
    EXPECT_NE(opened.error().detail.find("damaged at octet"), std::string::npos) << opened.error().detail;
  }
  // Nothing was changed by the attempts.
  files_->write(log_, content_);
  open_store();
  EXPECT_EQ(count(), 20u);
}

TEST_F(LogCheck, StopsAtEveryFlippedOctetOfAHeader) {
  // The length most of all: a wrong one looks like a log that was cut off.
  log_scan found;
  const log_source source = [&](uint64_t at, size_t size, bytes& out) {
    out = content_.substr(at, size);
    return true;
  };
  // The header of the last record but a few: found by breaking there.
  ASSERT_TRUE(scan_log(content_.size() - 8'000, 0, source, found));
  ASSERT_TRUE(found.broken_at);
  const auto header = *found.broken_at;
  for (size_t i = 0; i < 7; ++i) {
    content_[header + i] ^= char(0x80);
    log_scan damaged;
    ASSERT_TRUE(scan_log(content_.size(), 0, source, damaged));
    EXPECT_EQ(damaged.broken_at, header) << i;
    EXPECT_TRUE(damaged.sound_after) << i;
    content_[header + i] ^= char(0x80);
  }
}

TEST_F(LogCheck, DoesNotTakeALogInsideATornBodyForARecord) {
  // A mail may hold a log of ours: its records have other numbers than what can follow.
  open_store();
  batch b(*store_);
  put_body(b, content_, folder, uid{30});
  must_commit(b);
  files_->cut();
  store_.reset();
  files_->power_on(1);
  const auto names = files_->names(".log");
  const auto newest = files_->read(names.back());
  files_->write(names.back(), newest.substr(0, newest.size() - 100));
  open_store();
  EXPECT_EQ(count(), 20u);
}

TEST_F(LogCheck, StopsWhenAnOlderLogHasLostItsEnd) {
  open_store();
  // Two logs that both count: a flush of one family begins a new log, the others still need the old one.
  const auto fill = [&](uint32_t from) {
    for (uint32_t i = from; i < from + 10; ++i) {
      batch b(*store_);
      put_message(b, folder, uid{i}, {blob_id{i}, i, {}, {}, {}});
      must_commit(b);
    }
  };
  fill(100);
  batch other(*store_);
  put_counters(other, folder, {});
  must_commit(other);
  ASSERT_TRUE(store_->db().Flush({}, store_->handle(family::mailbox_state)).ok());
  fill(200);
  files_->cut();
  store_.reset();
  files_->power_on(2);
  std::vector<std::string> logs;
  for (const auto& name : files_->names(".log"))
    if (!files_->read(name).empty()) logs.push_back(name);
  ASSERT_GE(logs.size(), 2u);
  const auto older = logs[logs.size() - 2];
  const auto content = files_->read(older);
  files_->write(older, content.substr(0, content.size() - 100));
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::damaged);
  EXPECT_NE(opened.error().detail.find("missing between the logs"), std::string::npos)
      << opened.error().detail;
  files_->write(older, content);
  open_store();
  EXPECT_TRUE(read_message(*store_, folder, uid{109}, reach::disk));
  EXPECT_TRUE(read_message(*store_, folder, uid{209}, reach::disk));
}

} // namespace
} // namespace stagepost::storage
