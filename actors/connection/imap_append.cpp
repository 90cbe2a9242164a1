#include "actors/connection/imap_connection.hpp"
#include "storage/blobs.hpp"
#include "storage/mailboxes.hpp"

// The messages of an APPEND or REPLACE on their way in: all of them become true with one commit.

namespace stagepost::connection {

namespace {

/// Last chunks of whole messages that may stay in memory; when there is more they are written in one batch,
/// so many small messages cost few syncs.
constexpr uint64_t held_limit_bytes = 1024 * 1024;
/// Digests have to stay until the commit that makes the messages count.
constexpr uint64_t digest_limit_bytes = 16 * 1024 * 1024;

} // namespace

net::task<imap::actions> imap_connection::begin_append(const imap::begin_append& asked) {
  if (append_to_.empty()) {
    mailbox::open_folder order{asked.mailbox};
    auto found = co_await net::ask<mailbox::folder_opened>(this, account_, order);
    if (!found) co_return session_->on_append_ready(imap::outcome::unavailable);
    if (found->outcome != imap::outcome::done) co_return session_->on_append_ready(found->outcome);
  }
  if (!asked.replaces) {
    mailbox::check_room question{whole_bytes_ + asked.size_bytes};
    auto room = co_await net::ask<mailbox::room>(this, account_, question);
    if (!room) co_return session_->on_append_ready(imap::outcome::unavailable);
    if (!room->enough) co_return session_->on_append_ready(imap::outcome::over_quota);
  }
  spool::may_accept space{asked.size_bytes};
  auto may = co_await net::ask<bool>(this, home().intake, space);
  if (!may || !*may) co_return session_->on_append_ready(imap::outcome::unavailable);
  append_.emplace(home().with);
  append_to_ = asked.mailbox;
  co_return session_->on_append_ready(imap::outcome::done);
}

net::task<> imap_connection::take(bytes_view piece) {
  if (!append_ || append_outcome_ != imap::outcome::done) co_return;
  append_->feed(piece);
  while (append_->has_full_chunk()) {
    committer::commit_batch order{append_->take_chunk(), nullptr};
    auto written = co_await net::ask<committer::committed>(this, home().with.committer, order);
    if (!written) {
      append_outcome_ = imap::outcome::unavailable;
      co_return;
    }
  }
}

net::task<imap::actions> imap_connection::find_linked(const imap::find_linked& asked) {
  linked_ = {};
  imap::message_data message;
  message.uid = asked.uid;
  mailbox::open_folder order{asked.mailbox};
  auto found = co_await net::ask<mailbox::folder_opened>(this, account_, order);
  if (!found) co_return session_->on_linked(imap::outcome::unavailable, message);
  if (found->outcome != imap::outcome::done) co_return session_->on_linked(found->outcome, message);
  if (asked.validity && *asked.validity != found->uid_validity)
    co_return session_->on_linked(imap::outcome::no_such_mailbox, message);
  using records = std::vector<storage::message_record>;
  const std::vector<uid> wanted{asked.uid};
  std::function<storage::result<records>(storage::reach)> how =
      [store = home().with.store, folder = found->id, wanted](storage::reach reach) {
        return storage::read_messages(*store, folder, wanted, reach);
      };
  const auto read_records = co_await read<records>(home().with, how);
  if (!read_records) co_return session_->on_linked(imap::outcome::unavailable, message);
  const auto record = read_records->front();
  mime::digest digest;
  bytes octets;
  message.gone = !record.body;
  if (!message.gone) {
    std::function<storage::result<storage::blob_record>(storage::reach)> find =
        [store = home().with.store, body = record.body](storage::reach reach) {
          return storage::read_blob(*store, body, reach);
        };
    const auto blob = co_await read<storage::blob_record>(home().with, find);
    auto decoded = blob ? mime::decode(blob->digest) : mime::result<mime::digest>(mime::digest{});
    if ((!blob && blob.error().code != storage::errc::not_found) || !decoded)
      co_return session_->on_linked(imap::outcome::unavailable, message);
    message.gone = !blob; // its last reference went while we looked
    digest = std::move(*decoded);
  }
  if (!message.gone && asked.depth >= imap::read_depth::header) {
    const auto size = asked.depth == imap::read_depth::whole ? record.size_bytes : digest.header_size;
    std::function<storage::result<bytes>(storage::reach)> fetch =
        [store = home().with.store, body = record.body, size](storage::reach reach) {
          return storage::read_body(*store, body, 0, size, reach);
        };
    auto content = co_await read<bytes>(home().with, fetch);
    if (!content) co_return session_->on_linked(imap::outcome::unavailable, message);
    octets = std::move(*content);
    message.header = bytes_view(octets).substr(0, std::min<uint64_t>(octets.size(), digest.header_size));
    if (asked.depth == imap::read_depth::whole) message.whole = octets;
  }
  if (!message.gone) {
    linked_ = record.body;
    message.size_bytes = record.size_bytes;
    message.internal_date = record.internal_date;
    message.digest = &digest;
  }
  co_return session_->on_linked(imap::outcome::done, message);
}

net::task<> imap_connection::copy_linked(const imap::copy_linked& asked) {
  auto offset = asked.offset;
  const auto end = offset + asked.size_bytes;
  while (offset < end && append_outcome_ == imap::outcome::done) {
    const auto in_chunk = offset % storage::body_chunk_bytes;
    const auto size = std::min<uint64_t>(end - offset, storage::body_chunk_bytes - in_chunk);
    std::function<storage::result<bytes>(storage::reach)> how = [store = home().with.store, body = linked_,
                                                                 offset, size](storage::reach reach) {
      return storage::read_body(*store, body, offset, size, reach);
    };
    const auto octets = co_await read<bytes>(home().with, how);
    if (!octets || octets->size() != size) {
      append_outcome_ = imap::outcome::unavailable;
      co_return;
    }
    co_await take(*octets);
    offset += size;
  }
}

net::task<> imap_connection::end_message(const imap::end_message& asked) {
  if (!append_) co_return;
  append_->finish();
  whole_.push_back({append_->body(), append_->size_bytes(), append_->chunks(), append_->digest(),
                    append_->last_chunk(), asked});
  append_.reset();
  auto& whole = whole_.back();
  if (!whole.facts.internal_date) whole.facts.internal_date = now();
  whole_bytes_ += whole.size_bytes;
  held_bytes_ += whole.last_chunk->size();
  digest_bytes_ += whole.digest.size();
  if (digest_bytes_ > digest_limit_bytes) append_outcome_ = imap::outcome::limit_reached;
  if (held_bytes_ > held_limit_bytes && append_outcome_ == imap::outcome::done) co_await write_ahead();
}

/// Writes what is held of whole messages, which do not count yet: a crash leaves them to the collector.
net::task<> imap_connection::write_ahead() {
  auto batch = std::make_shared<storage::batch>(*home().with.store);
  for (auto& each : whole_)
    if (each.last_chunk)
      storage::put_chunk(*batch, each.body, each.chunks - 1, *std::exchange(each.last_chunk, nullptr), false);
  held_bytes_ = 0;
  committer::commit_batch order{batch, nullptr};
  auto written = co_await net::ask<committer::committed>(this, home().with.committer, order);
  if (!written) append_outcome_ = imap::outcome::unavailable;
}

net::task<imap::actions> imap_connection::finish_append(const imap::finish_append& asked) {
  imap::appended answer;
  answer.outcome = append_outcome_;
  if (append_outcome_ != imap::outcome::done || whole_.empty()) {
    give_up_append();
    co_return session_->on_appended(answer);
  }
  auto batch = std::make_shared<storage::batch>(*home().with.store);
  mailbox::put_messages order;
  order.folder = append_to_;
  for (const auto& each : whole_) {
    if (each.last_chunk) storage::put_chunk(*batch, each.body, each.chunks - 1, *each.last_chunk, true);
    storage::put_blob(*batch, each.body, {each.size_bytes, each.chunks, each.digest});
    order.content.messages.push_back({each.body, each.size_bytes, *each.facts.internal_date, queue_id{},
                                      each.facts.flags, each.facts.keywords});
  }
  order.content.with = batch;
  if (asked.replaced) order.replaced = {folder_, folder_id_, *asked.replaced};
  // Out of our hands now: should the connection end before the answer, the bodies may be in a folder already.
  // If they are not, they are found by their marks at the next start.
  auto handed_over = std::exchange(whole_, {});
  auto put = co_await net::ask<mailbox::inserted>(this, account_, order);
  answer.outcome = put ? put->outcome : imap::outcome::unavailable;
  if (answer.outcome == imap::outcome::done) {
    answer.uid_validity = put->uid_validity;
    answer.uids = put->uids;
  } else {
    whole_ = std::move(handed_over);
  }
  give_up_append();
  co_return session_->on_appended(answer);
}

void imap_connection::give_up_append() {
  std::shared_ptr<storage::batch> batch;
  if (append_) batch = append_->give_up();
  for (const auto& each : whole_) {
    if (each.chunks == 1 && each.last_chunk) continue; // nothing of it is on disk
    if (!batch) batch = std::make_shared<storage::batch>(*home().with.store);
    storage::abandon_blob(*batch, each.body);
  }
  if (batch) caf::anon_send(home().with.committer, committer::commit_batch{batch, nullptr});
  append_.reset();
  whole_.clear();
  whole_bytes_ = held_bytes_ = digest_bytes_ = 0;
  append_to_.clear();
  append_outcome_ = imap::outcome::done;
}

} // namespace stagepost::connection
