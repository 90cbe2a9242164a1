#include "storage/secrets.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace stagepost::storage {
namespace {

class Secrets : public ::testing::Test {
protected:
  testing::temporary_folder folder_;
  std::string file_ = folder_.path() + "/key";
};

TEST_F(Secrets, AreOpenedWithTheKeyOfTheFile) {
  const auto made = secret_key::load_or_make(file_);
  ASSERT_TRUE(made) << made.error().detail;
  const auto sealed = made->seal("gateway", "pass word");
  EXPECT_EQ(sealed.find("pass word"), std::string::npos);
  const auto loaded = secret_key::load_or_make(file_);
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_EQ(*loaded->open("gateway", sealed), "pass word");
}

TEST_F(Secrets, LookDifferentEachTime) {
  const auto key = secret_key::load_or_make(file_);
  EXPECT_NE(key->seal("a", "same"), key->seal("a", "same"));
  EXPECT_EQ(*key->open("a", key->seal("a", "")), "");
}

TEST_F(Secrets, OpenUnderTheirOwnNameOnly) {
  const auto key = secret_key::load_or_make(file_);
  EXPECT_EQ(key->open("b", key->seal("a", "x")).error().code, errc::damaged);
}

TEST_F(Secrets, DoNotOpenWhenDamagedOrWithAnotherKey) {
  const auto key = secret_key::load_or_make(file_);
  auto sealed = key->seal("a", "secret");
  const auto other = secret_key::load_or_make(file_ + "2");
  EXPECT_FALSE(other->open("a", sealed));
  for (size_t i = 0; i < sealed.size(); ++i) {
    sealed[i] ^= 1;
    EXPECT_FALSE(key->open("a", sealed)) << i;
    sealed[i] ^= 1;
    EXPECT_FALSE(key->open("a", bytes_view(sealed).substr(0, i)));
  }
}

TEST_F(Secrets, KeepTheirKeyFromOthers) {
  ASSERT_TRUE(secret_key::load_or_make(file_));
  struct stat found {};
  ASSERT_EQ(::stat(file_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  std::filesystem::permissions(file_, std::filesystem::perms::group_read, std::filesystem::perm_options::add);
  EXPECT_EQ(secret_key::load_or_make(file_).error().code, errc::damaged);
}

TEST_F(Secrets, RefuseAFileThatIsNoKey) {
  std::ofstream(file_) << "short";
  EXPECT_EQ(secret_key::load_or_make(file_).error().code, errc::damaged);
  EXPECT_EQ(secret_key::load_or_make(folder_.path() + "/missing/key").error().code, errc::io_error);
}

} // namespace
} // namespace stagepost::storage
