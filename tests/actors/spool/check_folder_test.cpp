#include "actors/spool/check_folder.hpp"

#include "storage/blobs.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/temporary_folder.hpp"

#include <array>
#include <filesystem>
#include <fstream>

namespace stagepost::spool {
namespace {

using state = file_look::state;

class CheckFolder : public ::testing::Test {
protected:
  CheckFolder() {
    storage::batch batch(*store_);
    message_.id = store_->next_queue_id(from_unix_milliseconds(1700000000000));
    message_.body = store_->next_blob();
    message_.size_bytes = text_.size();
    const bytes_view text = text_;
    storage::put_chunk(batch, message_.body, 0, text.substr(0, storage::body_chunk_bytes), false);
    storage::put_chunk(batch, message_.body, 1, text.substr(storage::body_chunk_bytes), true);
    storage::put_blob(batch, message_.body, {text.size(), 2, {}});
    std::array<storage::batch*, 1> one{&batch};
    EXPECT_TRUE(store_->commit(one).front());
  }

  std::string file() const { return files_.file_of(message_.id); }
  void write(const std::string& content) const { std::ofstream(file(), std::ios::binary) << content; }
  file_look look(uint64_t largest = 1 << 20) const { return files_.look(*store_, message_, largest); }

  testing::temporary_folder folder_;
  std::shared_ptr<storage::store> store_ =
      testing::open_store(storage::store_kind::shard, folder_.path() + "/store");
  check_folder files_{folder_.path() + "/files", std::nullopt};
  storage::spool_record message_;
  std::string text_ = "Subject: hi\r\n\r\n" + std::string(300'000, 'x') + "\r\nbare\nend\r\n";
};

TEST_F(CheckFolder, HasTheWholeMessageForUsAlone) {
  EXPECT_FALSE(files_.put(*store_, message_, 0));
  EXPECT_TRUE(files_.is_there(message_.id));
  std::ifstream in(file(), std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), text_);
  const auto rights = [](const std::string& path) {
    return unsigned(std::filesystem::status(path).permissions());
  };
  EXPECT_EQ(rights(file()), 0600u);
  EXPECT_EQ(rights(files_.folder_of(message_.id)), 0700u);
  EXPECT_EQ(rights(files_.path()), 0700u);
  EXPECT_EQ(look().is, state::unchanged);
}

TEST_F(CheckFolder, TellsWhatChangedFromWhatWasWrittenAnew) {
  ASSERT_FALSE(files_.put(*store_, message_, 0));
  write(text_);
  EXPECT_EQ(look().is, state::unchanged);
  write("X: 1\n" + text_);
  const auto changed = look();
  ASSERT_EQ(changed.is, state::changed);
  EXPECT_EQ(changed.content.substr(0, 19), "X: 1\r\nSubject: hi\r\n");
  EXPECT_EQ(changed.content.substr(changed.content.size() - 11), "bare\r\nend\r\n");
}

TEST_F(CheckFolder, TakesNothingThatIsNoPlainFileOfAFairSize) {
  ASSERT_FALSE(files_.put(*store_, message_, 0));
  EXPECT_EQ(look(100).is, state::unusable);
  write("");
  EXPECT_EQ(look().is, state::unusable);
  std::filesystem::remove(file());
  EXPECT_FALSE(files_.is_there(message_.id));
  EXPECT_EQ(look().is, state::deleted);
  std::filesystem::create_symlink("/etc/passwd", file());
  EXPECT_EQ(look().is, state::unusable);
  std::filesystem::remove(file());
  std::filesystem::create_directory(file());
  EXPECT_EQ(look().is, state::unusable);
}

TEST_F(CheckFolder, TakesAFolderThatIsGoneForNoOrderToDelete) {
  ASSERT_FALSE(files_.put(*store_, message_, 0));
  std::filesystem::remove_all(files_.folder_of(message_.id));
  EXPECT_EQ(look().is, state::unusable);
}

TEST_F(CheckFolder, LeavesFreeWhatIsKeptForTheStores) {
  const auto full = files_.put(*store_, message_, uint64_t(1) << 62);
  ASSERT_TRUE(full);
  EXPECT_EQ(full->code, storage::errc::io_error);
  EXPECT_FALSE(files_.is_there(message_.id));
}

TEST_F(CheckFolder, TellsADamagedMessageFromFilesThatCannotBeMade) {
  message_.body = store_->next_blob();
  const auto lost = files_.put(*store_, message_, 0);
  ASSERT_TRUE(lost);
  EXPECT_NE(lost->code, storage::errc::io_error);
}

TEST_F(CheckFolder, LeavesNothingBehind) {
  ASSERT_FALSE(files_.put(*store_, message_, 0));
  ASSERT_FALSE(files_.put(*store_, message_, 0)) << "once more after an attempt that came to no end";
  files_.remove(message_.id);
  EXPECT_FALSE(std::filesystem::exists(files_.folder_of(message_.id)));
  ASSERT_FALSE(files_.put(*store_, message_, 0));
  files_.clear();
  EXPECT_FALSE(std::filesystem::exists(files_.path()));
}

TEST_F(CheckFolder, UsesNoFolderOfSomebodyElses) {
  std::filesystem::create_directory(folder_.path() + "/elsewhere");
  std::filesystem::create_directory_symlink(folder_.path() + "/elsewhere", files_.path());
  EXPECT_TRUE(files_.put(*store_, message_, 0));
  files_.clear();
  EXPECT_TRUE(std::filesystem::exists(folder_.path() + "/elsewhere"));
}

} // namespace
} // namespace stagepost::spool
