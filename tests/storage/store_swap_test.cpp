#include "storage/store_swap.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace stagepost::storage {
namespace {

namespace fs = std::filesystem;

/// Two stores in use and two that wait.
class StoreSwap : public ::testing::Test {
protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "stagepost-test-XXXXXX";
    data_ = ::mkdtemp(name.data());
    for (const auto& each : swap_.names) {
      put(data_ / each, "old");
      put(data_ / swap_staging / each, "new");
    }
  }
  void TearDown() override { fs::remove_all(data_); }

  static void put(const fs::path& store, const std::string& text) {
    fs::create_directories(store);
    std::ofstream(store / "CURRENT") << text;
  }
  static std::string text_of(const fs::path& store) {
    std::ifstream in(store / "CURRENT");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  void expect_all_new() const {
    for (const auto& each : swap_.names) {
      EXPECT_EQ(text_of(data_ / each), "new");
      EXPECT_EQ(text_of(data_ / swap_.aside / each), "old");
    }
    EXPECT_EQ(read_swap(data_.string()).error().code, errc::not_found);
    EXPECT_FALSE(fs::exists(data_ / swap_staging));
  }

  fs::path data_;
  const store_swap swap_{"/somewhere/a backup\nwith a newline", "before-restore-1", {"shard0", "system"}};
};

TEST_F(StoreSwap, PutsTheNewStoresInPlaceAndKeepsTheOldOnes) {
  ASSERT_TRUE(begin_swap(data_.string(), swap_));
  ASSERT_TRUE(finish_swap(data_.string()));
  expect_all_new();
}

TEST_F(StoreSwap, TheNoteSaysWhatIsUnderWay) {
  EXPECT_EQ(read_swap(data_.string()).error().code, errc::not_found);
  ASSERT_TRUE(begin_swap(data_.string(), swap_));
  const auto note = read_swap(data_.string());
  ASSERT_TRUE(note);
  EXPECT_EQ(note->source, swap_.source);
  EXPECT_EQ(note->aside, swap_.aside);
  EXPECT_EQ(note->names, swap_.names);
}

TEST_F(StoreSwap, IsFinishedWhereverItWasCutOff) {
  // Each store takes two renames; the process may have ended behind any of them.
  for (size_t renames = 0; renames <= 2 * swap_.names.size(); ++renames) {
    TearDown();
    SetUp();
    ASSERT_TRUE(begin_swap(data_.string(), swap_));
    if (renames > 0) fs::create_directory(data_ / swap_.aside);
    for (size_t i = 0; i < renames; ++i) {
      const auto& name = swap_.names[i / 2];
      if (i % 2 == 0)
        fs::rename(data_ / name, data_ / swap_.aside / name);
      else
        fs::rename(data_ / swap_staging / name, data_ / name);
    }
    ASSERT_TRUE(finish_swap(data_.string())) << renames;
    expect_all_new();
  }
}

TEST_F(StoreSwap, NeedsNoOldStores) {
  for (const auto& each : swap_.names) fs::remove_all(data_ / each);
  ASSERT_TRUE(begin_swap(data_.string(), swap_));
  ASSERT_TRUE(finish_swap(data_.string()));
  EXPECT_EQ(text_of(data_ / "shard0"), "new");
  EXPECT_EQ(text_of(data_ / "system"), "new");
}

TEST_F(StoreSwap, ANoteThatCannotBeReadIsNoReasonToGoOn) {
  std::ofstream(data_ / "restore.swap") << "something else";
  EXPECT_EQ(read_swap(data_.string()).error().code, errc::damaged);
  EXPECT_FALSE(finish_swap(data_.string()));
  EXPECT_EQ(text_of(data_ / "system"), "old");
}

} // namespace
} // namespace stagepost::storage
