#pragma once

#include "actors/connection/connection.hpp"
#include "storage/records.hpp"

namespace stagepost::connection {

/// What POP3 and IMAP connections have in common: an account to look into.
class mail_session : public connection {
public:
  using connection::connection;

protected:
  /// Gets hold of the account that logged in. False when it cannot be had.
  net::task<bool> attach(const domain::account_target& target);
  /// Lets go of it.
  void detach();
  const shard& home() const { return with_->shards[shard_]; }

  /// Sends `size_bytes` octets of a body from `offset`, chunk by chunk. False when they cannot be read.
  net::task<bool> send_octets(const mailbox::services& from, blob_id body, uint64_t offset,
                              uint64_t size_bytes);

  mailbox::account_actor account_;
  size_t shard_ = 0;
};

} // namespace stagepost::connection
