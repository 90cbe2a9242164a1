#include "protocols/search/zip_reader.hpp"

#include "tests/support/zip_maker.hpp"

#include <gtest/gtest.h>

namespace stagepost::search {
namespace {

using testing::zip_maker;

std::string content_of(const bytes& file, const std::string& name, const zip_limits& limits = {}) {
  auto archive = zip_reader::open(file, limits);
  if (!archive) return "[no archive]";
  const auto* entry = archive->find(name);
  return entry ? archive->read(*entry) : "[no entry]";
}

TEST(ZipReader, ReadsStoredAndDeflatedEntries) {
  const auto file = zip_maker().store("b", "plain").deflate("a/x", std::string(10'000, 'x')).finish();
  EXPECT_EQ(content_of(file, "b"), "plain");
  EXPECT_EQ(content_of(file, "a/x"), std::string(10'000, 'x'));
  EXPECT_EQ(content_of(file, "c"), "[no entry]");
  EXPECT_EQ(content_of(file + std::string(300, 'c'), "b"), "plain") << "with a comment";
  const auto archive = zip_reader::open(file);
  ASSERT_EQ(archive->entries().size(), 2u);
  EXPECT_EQ(archive->entries().front().name, "a/x");
}

TEST(ZipReader, ReadsArchivesWithLargeNumbers) {
  const auto file = zip_maker().store("a", "one").deflate("b", "two").finish(true);
  EXPECT_EQ(content_of(file, "a"), "one");
  EXPECT_EQ(content_of(file, "b"), "two");
}

TEST(ZipReader, UnpacksABombNoFurtherThanItsLimits) {
  const auto bomb =
      zip_maker().deflate("a", bytes(4'000'000, '0')).deflate("b", bytes(4'000'000, '0')).finish();
  zip_limits limits;
  limits.entry_bytes = 3000;
  EXPECT_EQ(content_of(bomb, "a", limits).size(), 3000u);
  limits = {};
  limits.ratio = 10;
  EXPECT_LT(content_of(bomb, "a", limits).size(), 100'000u);
  limits = {};
  limits.ratio = 2000;
  limits.total_bytes = 5'000'000;
  auto archive = zip_reader::open(bomb, limits);
  ASSERT_TRUE(archive);
  EXPECT_EQ(archive->read(*archive->find("a")).size(), 4'000'000u);
  EXPECT_EQ(archive->read(*archive->find("b")).size(), 1'000'000u);
  EXPECT_EQ(archive->read(*archive->find("a")), "");
}

TEST(ZipReader, LooksAtSoManyEntriesOnly) {
  zip_maker maker;
  for (int i = 0; i < 50; ++i) maker.store("entry " + std::to_string(i), "x");
  zip_limits limits;
  limits.entries = 10;
  EXPECT_EQ(zip_reader::open(maker.finish(), limits)->entries().size(), 10u);
}

TEST(ZipReader, RefusesEntriesThatOverlap) {
  zip_maker maker;
  maker.store("a", "one").store("b", "two");
  maker.entries[1].offset = maker.entries[0].offset;
  EXPECT_FALSE(zip_reader::open(maker.finish()));
  maker.entries[1].offset = maker.entries[0].offset + 5;
  EXPECT_FALSE(zip_reader::open(maker.finish()));
}

TEST(ZipReader, ReadsNothingEncryptedOrPackedOtherwise) {
  zip_maker maker;
  maker.put({"secret", "xxxx", 4, 0, 1}).put({"lzma", "xxxx", 4, 14}).put({"broken", "\xff\xff\xff", 9, 8});
  const auto file = maker.finish();
  for (const char* name : {"secret", "lzma", "broken"}) EXPECT_EQ(content_of(file, name), "") << name;
}

TEST(ZipReader, RefusesWhatIsCutOffOrPointsOutside) {
  zip_maker maker;
  maker.store("a", "one").deflate("b", "two");
  for (const bool in_64 : {false, true}) {
    const auto file = maker.finish(in_64);
    for (size_t size = 0; size < file.size(); ++size)
      EXPECT_FALSE(zip_reader::open(bytes_view(file).substr(0, size))) << size;
    for (size_t at = 0; at < file.size(); ++at)
      for (const char octet : {'\0', '\x7f', '\xff'}) {
        auto damaged = file;
        damaged[at] = octet;
        auto archive = zip_reader::open(damaged);
        if (!archive) continue;
        for (const auto& each : archive->entries()) EXPECT_LT(archive->read(each).size(), 2000u);
      }
  }
  maker.entries[0].offset = 100'000;
  EXPECT_FALSE(zip_reader::open(maker.finish()));
}

} // namespace
} // namespace stagepost::search
