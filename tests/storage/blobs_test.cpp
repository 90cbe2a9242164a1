#include "storage/blobs.hpp"

#include "storage/batch_access.hpp"
#include "storage/key.hpp"
#include "tests/storage/store_fixture.hpp"

namespace stagepost::storage {
namespace {

using Blobs = store_fixture;

constexpr mailbox_id folder{7};

bytes pattern(size_t size) {
  bytes out(size, '\0');
  for (size_t i = 0; i < size; ++i) out[i] = char(uint8_t(i * 31 + i / 251));
  return out;
}

/// Writes a body of several pieces, a batch each, as it arrives.
blob_id arrive(store& in, bytes_view content) {
  const auto body = in.next_blob();
  uint32_t index = 0;
  for (size_t at = 0; at < content.size(); at += body_chunk_bytes, ++index) {
    batch b(in);
    const bool last = at + body_chunk_bytes >= content.size();
    put_chunk(b, body, index, content.substr(at, body_chunk_bytes), last);
    if (last) {
      put_blob(b, body, {content.size(), index + 1, "digest"});
      put_reference(b, body, blob_owner::mailbox, folder.value, 1);
    }
    batch* const all[] = {&b};
    EXPECT_TRUE(in.commit(all).front());
  }
  return body;
}

TEST_F(Blobs, ReadsBackWhatWasWrittenInPieces) {
  const auto content = pattern(2 * body_chunk_bytes + 1000);
  const auto body = arrive(*store_, content);
  const auto record = read_blob(*store_, body, reach::disk);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->size_bytes, content.size());
  EXPECT_EQ(record->chunks, 3u);
  EXPECT_EQ(record->digest, "digest");
  EXPECT_EQ(*read_body(*store_, body, 0, UINT64_MAX, reach::disk), content);
  EXPECT_EQ(*read_chunk(*store_, body, 2, reach::disk), content.substr(2 * body_chunk_bytes));
}

TEST_F(Blobs, ReadsARangeAcrossPieces) {
  const auto content = pattern(2 * body_chunk_bytes + 1000);
  const auto body = arrive(*store_, content);
  EXPECT_EQ(*read_body(*store_, body, body_chunk_bytes - 10, 20, reach::disk),
            content.substr(body_chunk_bytes - 10, 20));
  EXPECT_EQ(*read_body(*store_, body, content.size() - 5, 100, reach::disk),
            content.substr(content.size() - 5));
  EXPECT_EQ(*read_body(*store_, body, content.size() + 5, 100, reach::disk), "");
}

TEST_F(Blobs, EndsWithAFullPiece) {
  const auto content = pattern(2 * body_chunk_bytes);
  const auto body = arrive(*store_, content);
  EXPECT_EQ(*read_body(*store_, body, 0, UINT64_MAX, reach::disk), content);
}

TEST_F(Blobs, FindsADamagedPieceByItsChecksum) {
  batch b(*store_);
  const auto body = put_body(b, pattern(5000), folder, uid{1});
  must_commit(b);
  store_.reset();
  for (const auto& log : files_->names(".log")) {
    auto content = files_->read(log);
    EXPECT_NE(content, "");
  }
  open_store(); // the replay moved the body to a blob file
  const auto names = files_->names(".blob");
  ASSERT_EQ(names.size(), 1u);
  auto content = files_->read(names.front());
  content[content.size() / 2] ^= 1;
  store_.reset();
  files_->write(names.front(), content);
  open_store();
  const auto read = read_body(*store_, body, 0, UINT64_MAX, reach::disk);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, errc::damaged);
}

TEST_F(Blobs, SaysWhatIsNotThere) {
  EXPECT_EQ(read_blob(*store_, blob_id{99}, reach::disk).error().code, errc::not_found);
  EXPECT_EQ(read_body(*store_, blob_id{99}, 0, 10, reach::disk).error().code, errc::not_found);
}

TEST_F(Blobs, CollectsABodyOnlyWhenTheLastReferenceIsDropped) {
  batch first(*store_);
  const auto body = put_body(first, pattern(3000), folder, uid{1});
  put_reference(first, body, blob_owner::spool, 42, 0);
  must_commit(first);

  batch second(*store_);
  drop_reference(second, body, blob_owner::spool, 42, 0);
  must_commit(second);
  EXPECT_EQ(*store_->collect(10), 1u);
  EXPECT_TRUE(read_body(*store_, body, 0, 1, reach::disk));

  batch third(*store_);
  drop_reference(third, body, blob_owner::mailbox, folder.value, 1);
  must_commit(third);
  EXPECT_TRUE(read_body(*store_, body, 0, 1, reach::disk));
  EXPECT_EQ(*store_->collect(10), 1u);
  EXPECT_EQ(*store_->collect(10), 0u);
  EXPECT_FALSE(read_body(*store_, body, 0, 1, reach::disk));
  EXPECT_FALSE(read_blob(*store_, body, reach::disk));
}

TEST_F(Blobs, LeavesABodyAloneWhileItArrives) {
  const auto content = pattern(body_chunk_bytes);
  const auto body = store_->next_blob();
  batch b(*store_);
  put_chunk(b, body, 0, content, false);
  must_commit(b);
  EXPECT_EQ(*store_->collect(10), 0u);
  EXPECT_TRUE(read_chunk(*store_, body, 0, reach::disk));
}

TEST_F(Blobs, CollectsABodyThatWasGivenUp) {
  const auto body = store_->next_blob();
  batch b(*store_);
  put_chunk(b, body, 0, pattern(body_chunk_bytes), false);
  must_commit(b);
  batch end(*store_);
  abandon_blob(end, body);
  must_commit(end);
  EXPECT_EQ(*store_->collect(10), 1u);
  EXPECT_FALSE(read_chunk(*store_, body, 0, reach::disk));
}

TEST_F(Blobs, CollectsABodyThatAPowerCutLeftUnfinished) {
  const auto body = store_->next_blob();
  batch b(*store_);
  put_chunk(b, body, 0, pattern(body_chunk_bytes), false);
  must_commit(b);
  lose_power(1);
  EXPECT_TRUE(read_chunk(*store_, body, 0, reach::disk));
  EXPECT_EQ(*store_->collect(10), 1u);
  EXPECT_FALSE(read_chunk(*store_, body, 0, reach::disk));
}

TEST_F(Blobs, CollectsTheOthersWhenOneIsDamaged) {
  batch b(*store_);
  const auto damaged = put_body(b, "one", folder, uid{1});
  const auto sound = put_body(b, "two", folder, uid{2});
  batch_access::put(b, family::blobs, key::blob(damaged), "?");
  drop_reference(b, damaged, blob_owner::mailbox, folder.value, 1);
  drop_reference(b, sound, blob_owner::mailbox, folder.value, 2);
  must_commit(b);
  EXPECT_EQ(*store_->collect(10), 2u);
  EXPECT_EQ(*store_->collect(10), 0u);
  EXPECT_EQ(read_blob(*store_, sound, reach::disk).error().code, errc::not_found);
  EXPECT_EQ(read_blob(*store_, damaged, reach::disk).error().code, errc::damaged);
}

TEST_F(Blobs, KeepsABodyWhoseMarkIsOlderThanItsReference) {
  const auto content = pattern(body_chunk_bytes + 5);
  const auto body = arrive(*store_, content);
  EXPECT_EQ(*store_->collect(10), 1u); // the mark of its arrival
  EXPECT_EQ(*read_body(*store_, body, 0, UINT64_MAX, reach::disk), content);
}

TEST_F(Blobs, AnswersFromTheCacheOnlyWhatIsInMemory) {
  batch b(*store_);
  const auto body = put_body(b, pattern(3000), folder, uid{1});
  must_commit(b);
  EXPECT_TRUE(read_body(*store_, body, 0, 100, reach::cache)); // still in the memtable
  open_store();                                                // now in a file
  const auto cold = read_body(*store_, body, 0, 100, reach::cache);
  ASSERT_FALSE(cold);
  EXPECT_EQ(cold.error().code, errc::not_cached);
  EXPECT_TRUE(read_body(*store_, body, 0, 100, reach::disk));
  EXPECT_TRUE(read_body(*store_, body, 0, 100, reach::cache));
}

} // namespace
} // namespace stagepost::storage
