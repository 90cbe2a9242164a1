#include "storage/tls_results.hpp"

#include "protocols/base/text.hpp"
#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

using std::chrono::days;

const std::chrono::sys_days first{days(258)};

tls_result_key key_at(std::chrono::sys_days day, const std::string& domain = "a.test",
                      tls_result how = tls_result::success) {
  return {day, domain, tls_policy_kind::sts, how, "mx.a.test", "192.0.2.1"};
}

class TlsResults : public store_fixture {
protected:
  TlsResults() {
    store_.reset();
    files_ = std::make_shared<testing::fault_file_system>();
    env_ = testing::make_env(files_);
    auto opened = try_open(store_kind::system);
    EXPECT_TRUE(opened);
    store_ = std::move(*opened);
  }
  void put(const tls_result_key& what, uint64_t sessions) {
    batch b(*store_);
    put_tls_result(b, {what, sessions});
    must_commit(b);
  }
};

TEST_F(TlsResults, HaveKeysOfDayPolicyResultAndWhoTalked) {
  const auto key = encode_tls_result_key(key_at(first, "a", tls_result::certificate_expired));
  EXPECT_EQ(to_hex(key), "00000102"
                         "6100"
                         "0204" +
                             to_hex("mx.a.test") + "00" + to_hex("192.0.2.1") + "00");
  const auto back = decode_tls_result_key(key);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, key_at(first, "a", tls_result::certificate_expired));
  for (size_t size = 0; size < key.size(); ++size)
    EXPECT_FALSE(decode_tls_result_key(bytes_view(key).substr(0, size))) << size;
}

TEST_F(TlsResults, AreReadByDay) {
  put(key_at(first), 3);
  put(key_at(first + days(1)), 4);
  put(key_at(first + days(1), "b.test"), 5);
  put(key_at(first + days(2)), 6);
  const auto found = read_tls_results(*store_, first + days(1), first + days(1), 10, reach::disk);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ((*found)[0].sessions, 4u);
  EXPECT_EQ((*found)[1].what.policy_domain, "b.test");
  EXPECT_EQ(read_tls_results(*store_, first, first + days(2), 3, reach::disk)->size(), 3u);
  EXPECT_EQ(*count_tls_results(*store_, first + days(1), 10, reach::disk), 2u);
  EXPECT_EQ(*read_tls_sessions(*store_, key_at(first), reach::disk), 3u);
  EXPECT_EQ(*read_tls_sessions(*store_, key_at(first, "c.test"), reach::disk), 0u);
}

TEST_F(TlsResults, GoByDay) {
  for (int day = 0; day < 4; ++day) put(key_at(first + days(day)), 1);
  batch b(*store_);
  delete_tls_results_before(b, first + days(2));
  must_commit(b);
  const auto left = read_tls_results(*store_, first, first + days(9), 10, reach::disk);
  ASSERT_TRUE(left);
  ASSERT_EQ(left->size(), 2u);
  EXPECT_EQ(left->front().what.day, first + days(2));
}

} // namespace
} // namespace stagepost::storage
