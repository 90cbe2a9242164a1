#include "storage/sts_policies.hpp"

#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

instant at(int64_t seconds) { return from_unix_milliseconds(seconds * 1000); }

class StsPolicies : public store_fixture {
protected:
  StsPolicies() {
    store_.reset();
    files_ = std::make_shared<testing::fault_file_system>();
    env_ = testing::make_env(files_);
    auto opened = try_open(store_kind::system);
    EXPECT_TRUE(opened);
    store_ = std::move(*opened);
  }
  void put(const std::string& domain, instant expires_at) {
    batch b(*store_);
    put_sts_policy(b, {domain, "id1", "version: STSv1\n", at(1000), expires_at});
    must_commit(b);
  }
  bool has(const std::string& domain) { return bool(read_sts_policy(*store_, domain, reach::disk)); }
};

TEST_F(StsPolicies, ComeBackAsTheyWereWritten) {
  put("example.org", at(2000));
  const auto found = read_sts_policy(*store_, "example.org", reach::disk);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->domain, "example.org");
  EXPECT_EQ(found->id, "id1");
  EXPECT_EQ(found->text, "version: STSv1\n");
  EXPECT_EQ(found->fetched_at, at(1000));
  EXPECT_EQ(found->expires_at, at(2000));
  const auto none = read_sts_policy(*store_, "example.or", reach::disk);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, errc::not_found);
}

TEST_F(StsPolicies, GoWhenTheyHoldNoMore) {
  put("a.test", at(2000));
  put("b.test", at(3000));
  put("c.test", at(2000));
  put("d.test", at(3000));
  std::string from;
  size_t kept = 0, removed = 0, steps = 0;
  do {
    batch b(*store_);
    const auto step = sweep_sts_policies(b, *store_, from, 3, at(2500));
    ASSERT_TRUE(step);
    kept += step->kept;
    removed += step->removed;
    from = step->next;
    must_commit(b);
    ++steps;
  } while (!from.empty());
  EXPECT_EQ(kept, 2u);
  EXPECT_EQ(removed, 2u);
  EXPECT_EQ(steps, 2u);
  EXPECT_FALSE(has("a.test") || has("c.test"));
  EXPECT_TRUE(has("b.test") && has("d.test"));
}

} // namespace
} // namespace stagepost::storage
