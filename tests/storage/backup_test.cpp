#include "storage/backup.hpp"

#include "storage/store.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace stagepost::storage {
namespace {

namespace fs = std::filesystem;

backup_manifest example() {
  return {1, 2, from_unix_milliseconds(1700000000000), {{"shard0/CURRENT", 16}, {"system/000004.log", 0}}};
}

TEST(BackupManifest, SaysWhatItWasMadeOf) {
  const auto text = to_text(example());
  const auto read = parse_manifest(text);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(to_text(*read), text);
  EXPECT_EQ(read->shards, 2u);
  EXPECT_EQ(read->made_at, example().made_at);
  ASSERT_EQ(read->files.size(), 2u);
  EXPECT_EQ(read->files[0].path, "shard0/CURRENT");
  EXPECT_EQ(read->files[0].size_bytes, 16u);
}

TEST(BackupManifest, DoesNotReadWithAnyOctetChanged) {
  const auto text = to_text(example());
  for (size_t i = 0; i < text.size(); ++i) {
    auto changed = text;
    changed[i] = char(changed[i] ^ 1);
    EXPECT_FALSE(parse_manifest(changed)) << i;
    EXPECT_FALSE(parse_manifest(text.substr(0, i))) << i;
  }
}

TEST(BackupManifest, LeadsNowhereElse) {
  for (const auto* path : {"/etc/passwd", "../x", "shard0/../x", "shard0/..", "shard0/", "shard2/CURRENT",
                           "shard0", "shard0/a/b", "manifest", ""}) {
    auto wrong = example();
    wrong.files.push_back({path, 1});
    EXPECT_FALSE(parse_manifest(to_text(wrong))) << path;
  }
}

TEST(BackupManifest, RefusesALayoutToCome) {
  auto later = example();
  later.schema = store::schema_version + 1;
  const auto read = parse_manifest(to_text(later));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, errc::newer_version);
}

class Backup : public ::testing::Test {
protected:
  Backup() {
    std::string name = fs::temp_directory_path() / "stagepost-test-XXXXXX";
    root_ = ::mkdtemp(name.data());
    for (const auto* store : {"shard0", "system"}) {
      fs::create_directories(root_ / "made" / store);
      write(root_ / "made" / store / "CURRENT", "MANIFEST-000005\n");
      write(root_ / "made" / store / "000004.log", "octets");
    }
  }
  ~Backup() override { fs::remove_all(root_); }

  static void write(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  std::string made() const { return (root_ / "made").string(); }
  void seal() { ASSERT_TRUE(seal_backup(made(), 1, from_unix_milliseconds(1700000000000))); }

  fs::path root_;
};

TEST_F(Backup, IsNoneUntilItHasItsManifest) {
  const auto before = read_backup(made());
  ASSERT_FALSE(before);
  EXPECT_EQ(before.error().code, errc::not_found);
  seal();
  const auto after = read_backup(made());
  ASSERT_TRUE(after) << after.error().detail;
  EXPECT_EQ(after->files.size(), 4u);
}

TEST_F(Backup, IsRefusedWhenAFileIsMissingOrHasAnotherSize) {
  seal();
  write(root_ / "made/shard0/000004.log", "octet");
  const auto cut = read_backup(made());
  ASSERT_FALSE(cut);
  EXPECT_NE(cut.error().detail.find("000004.log"), std::string::npos);
  fs::remove(root_ / "made/shard0/000004.log");
  EXPECT_FALSE(read_backup(made()));
  write(root_ / "made/shard0/000004.log", "octets");
  EXPECT_TRUE(read_backup(made()));
}

TEST_F(Backup, IsRefusedWithoutOneOfItsStores) {
  fs::remove(root_ / "made/system/CURRENT");
  seal();
  EXPECT_FALSE(read_backup(made()));
}

TEST_F(Backup, IsCopiedFileByFileAndNothingElse) {
  seal();
  write(root_ / "made/shard0/STRANGER", "not of the backup");
  const auto manifest = read_backup(made());
  ASSERT_TRUE(manifest);
  const auto copy = (root_ / "copy").string();
  ASSERT_TRUE(copy_backup(made(), *manifest, copy, [] { return false; }));
  EXPECT_TRUE(fs::exists(copy + "/shard0/000004.log"));
  EXPECT_FALSE(fs::exists(copy + "/shard0/STRANGER"));
  EXPECT_EQ(fs::status(copy).permissions(), fs::perms::owner_all);
}

TEST_F(Backup, CopyingStopsWhenToldTo) {
  seal();
  const auto manifest = read_backup(made());
  ASSERT_TRUE(manifest);
  EXPECT_FALSE(copy_backup(made(), *manifest, (root_ / "copy").string(), [] { return true; }));
}

} // namespace
} // namespace stagepost::storage
