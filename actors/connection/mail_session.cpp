#include "actors/connection/mail_session.hpp"

#include "storage/blobs.hpp"

namespace stagepost::connection {

namespace {

/// Octets waiting to be sent before more is read.
constexpr size_t send_ahead = 256 * 1024;

} // namespace

net::task<bool> mail_session::attach(const domain::account_target& target) {
  if (target.shard >= with_->shards.size()) co_return false;
  shard_ = target.shard;
  mailbox::open_account order{target.account, target.quota_bytes, address()};
  auto opened = co_await net::ask<mailbox::account_opened>(this, home().accounts, order);
  if (!opened) co_return false;
  account_ = opened->account;
  co_return true;
}

void mail_session::detach() {
  if (account_) send(account_, mailbox::detach_session{address()});
  account_ = nullptr;
}

net::task<bool> mail_session::send_octets(const mailbox::services& from, blob_id body, uint64_t offset,
                                          uint64_t size_bytes) {
  const uint64_t end = offset + size_bytes;
  while (offset < end) {
    const auto in_chunk = offset % storage::body_chunk_bytes;
    const auto take = std::min<uint64_t>(end - offset, storage::body_chunk_bytes - in_chunk);
    std::function<storage::result<bytes>(storage::reach)> how = [store = from.store, body, offset,
                                                                 take](storage::reach reach) {
      return storage::read_body(*store, body, offset, take, reach);
    };
    const auto octets = co_await read<bytes>(from, how);
    if (!octets || octets->size() != take) co_return false;
    say(*octets);
    with_->counters->add(metrics::counter::bodies_read_octets, take);
    offset += take;
    if (unsent() >= send_ahead) co_await flush();
  }
  co_return true;
}

} // namespace stagepost::connection
