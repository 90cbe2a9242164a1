#include "actors/body_writer.hpp"

#include "protocols/base/text.hpp"

namespace stagepost {

void body_writer::feed(bytes_view piece) {
  digest_->feed(piece);
  size_ += piece.size();
  pending_ += piece;
}

std::shared_ptr<storage::batch> body_writer::take_chunk() {
  auto batch = std::make_shared<storage::batch>(*into_.store);
  storage::put_chunk(*batch, body_, written_, bytes_view(pending_).substr(0, storage::body_chunk_bytes),
                     false);
  pending_.erase(0, storage::body_chunk_bytes);
  ++written_;
  return batch;
}

void body_writer::finish() {
  const auto digest = digest_->finish();
  digest_.reset();
  encoded_ = mime::encode(digest);
  if (digest.envelope.message_id) message_id_ = std::string(trim(*digest.envelope.message_id));
  last_ = std::make_shared<const std::string>(std::move(pending_));
}

std::shared_ptr<storage::batch> body_writer::give_up() {
  if (written_ == 0) return nullptr;
  auto batch = std::make_shared<storage::batch>(*into_.store);
  storage::abandon_blob(*batch, body_);
  return batch;
}

} // namespace stagepost
