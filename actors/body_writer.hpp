#pragma once

#include "actors/net/executor.hpp"
#include "actors/shard_services.hpp"
#include "protocols/mime/digest_builder.hpp"
#include "storage/blobs.hpp"

#include <memory>
#include <string>

namespace stagepost {

/// A message on its way into a shard, in pieces of any size. Full chunks go to the store as they come, each
/// acknowledged before the next is taken; the last one is kept, to be written together with whatever makes
/// the message count.
class body_writer {
public:
  explicit body_writer(mailbox::services into)
      : into_(std::move(into)), body_(into_.store->next_blob()),
        digest_(std::make_unique<mime::digest_builder>()) {}

  /// Takes a piece; full chunks wait for `take_chunk`.
  void feed(bytes_view piece);
  bool has_full_chunk() const { return pending_.size() > storage::body_chunk_bytes; }
  /// The next full chunk as a batch to be committed.
  std::shared_ptr<storage::batch> take_chunk();

  /// No more comes. Afterwards last_chunk, chunks, size and digest hold.
  void finish();
  /// What makes the store forget the chunks already written; empty when there are none.
  std::shared_ptr<storage::batch> give_up();

  blob_id body() const { return body_; }
  const std::shared_ptr<const std::string>& last_chunk() const { return last_; }
  uint32_t chunks() const { return written_ + 1; }
  uint64_t size_bytes() const { return size_; }
  const bytes& digest() const { return encoded_; }
  const std::string& message_id() const { return message_id_; }
  const mailbox::services& services() const { return into_; }

private:
  mailbox::services into_;
  blob_id body_;
  std::unique_ptr<mime::digest_builder> digest_;
  std::string pending_;
  uint32_t written_ = 0;
  uint64_t size_ = 0;
  std::shared_ptr<const std::string> last_;
  bytes encoded_;
  std::string message_id_;
};

} // namespace stagepost
