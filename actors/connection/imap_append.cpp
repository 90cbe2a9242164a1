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
  if (!appending_) {
    append_place_ = co_await find_place(asked.mailbox);
    if (append_place_.outcome != imap::outcome::done)
      co_return session_->on_append_ready(append_place_.outcome);
    mailbox::open_folder order{append_place_.name, append_place_.who, imap::rights_of(imap::right::insert)};
    auto found = co_await net::ask<mailbox::folder_opened>(this, append_place_.account, order);
    if (!found) co_return session_->on_append_ready(imap::outcome::unavailable);
    if (found->outcome != imap::outcome::done) co_return session_->on_append_ready(found->outcome);
    // RFC 8508 wants one commit for both, and no commit spans two accounts.
    if (asked.replaces && append_place_.owner != selected_.owner)
      co_return session_->on_append_ready(imap::outcome::cannot);
  }
  const auto& into = at(append_place_.shard);
  if (!asked.replaces) {
    mailbox::check_room question{whole_bytes_ + asked.size_bytes};
    auto room = co_await net::ask<mailbox::room>(this, append_place_.account, question);
    if (!room) co_return session_->on_append_ready(imap::outcome::unavailable);
    if (!room->enough) co_return session_->on_append_ready(imap::outcome::over_quota);
  }
  spool::may_accept space{asked.size_bytes};
  auto may = co_await net::ask<bool>(this, into.intake, space);
  if (!may || !*may) co_return session_->on_append_ready(imap::outcome::unavailable);
  append_.emplace(into.with);
  appending_ = true;
  co_return session_->on_append_ready(imap::outcome::done);
}

net::task<> imap_connection::take(bytes_view piece) {
  if (!append_ || append_outcome_ != imap::outcome::done) co_return;
  append_->feed(piece);
  while (append_->has_full_chunk()) {
    committer::commit_batch order{append_->take_chunk(), nullptr};
    auto written = co_await net::ask<committer::committed>(this, append_->services().committer, order);
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
  const auto where = co_await find_place(asked.mailbox);
  if (where.outcome != imap::outcome::done) co_return session_->on_linked(where.outcome, message);
  const auto& from = at(where.shard).with;
  mailbox::open_folder order{where.name, where.who, imap::rights_of(imap::right::read)};
  auto found = co_await net::ask<mailbox::folder_opened>(this, where.account, order);
  if (!found) co_return session_->on_linked(imap::outcome::unavailable, message);
  if (found->outcome != imap::outcome::done) co_return session_->on_linked(found->outcome, message);
  if (asked.validity && *asked.validity != found->uid_validity)
    co_return session_->on_linked(imap::outcome::no_such_mailbox, message);
  using records = std::vector<storage::message_record>;
  const std::vector<uid> wanted{asked.uid};
  std::function<storage::result<records>(storage::reach)> how = [store = from.store, folder = found->id,
                                                                 wanted](storage::reach reach) {
    return storage::read_messages(*store, folder, wanted, reach);
  };
  const auto read_records = co_await read<records>(from, how);
  if (!read_records) co_return session_->on_linked(imap::outcome::unavailable, message);
  const auto record = read_records->front();
  mime::digest digest;
  bytes octets;
  message.gone = !record.body;
  if (!message.gone) {
    std::function<storage::result<storage::blob_record>(storage::reach)> find =
        [store = from.store, body = record.body](storage::reach reach) {
          return storage::read_blob(*store, body, reach);
        };
    const auto blob = co_await read<storage::blob_record>(from, find);
    auto decoded = blob ? mime::decode(blob->digest) : mime::result<mime::digest>(mime::digest{});
    if ((!blob && blob.error().code != storage::errc::not_found) || !decoded)
      co_return session_->on_linked(imap::outcome::unavailable, message);
    message.gone = !blob; // its last reference went while we looked
    digest = std::move(*decoded);
  }
  if (!message.gone && asked.depth >= imap::read_depth::header) {
    const auto size = asked.depth == imap::read_depth::whole ? record.size_bytes : digest.header_size;
    std::function<storage::result<bytes>(storage::reach)> fetch = [store = from.store, body = record.body,
                                                                   size](storage::reach reach) {
      return storage::read_body(*store, body, 0, size, reach);
    };
    auto content = co_await read<bytes>(from, fetch);
    if (!content) co_return session_->on_linked(imap::outcome::unavailable, message);
    octets = std::move(*content);
    message.header = bytes_view(octets).substr(0, std::min<uint64_t>(octets.size(), digest.header_size));
    if (asked.depth == imap::read_depth::whole) message.whole = octets;
  }
  if (!message.gone) {
    linked_ = record.body;
    linked_shard_ = where.shard;
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
    const auto& from = at(linked_shard_).with;
    std::function<storage::result<bytes>(storage::reach)> how = [store = from.store, body = linked_, offset,
                                                                 size](storage::reach reach) {
      return storage::read_body(*store, body, offset, size, reach);
    };
    const auto octets = co_await read<bytes>(from, how);
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
  const auto& into = at(append_place_.shard).with;
  auto batch = std::make_shared<storage::batch>(*into.store);
  for (auto& each : whole_)
    if (each.last_chunk)
      storage::put_chunk(*batch, each.body, each.chunks - 1, *std::exchange(each.last_chunk, nullptr), false);
  held_bytes_ = 0;
  committer::commit_batch order{batch, nullptr};
  auto written = co_await net::ask<committer::committed>(this, into.committer, order);
  if (!written) append_outcome_ = imap::outcome::unavailable;
}

net::task<imap::actions> imap_connection::finish_append(const imap::finish_append& asked) {
  imap::appended answer;
  answer.outcome = append_outcome_;
  if (append_outcome_ != imap::outcome::done || whole_.empty()) {
    give_up_append();
    co_return session_->on_appended(answer);
  }
  const auto put = co_await put_whole(asked);
  answer.outcome = put.outcome;
  answer.uid_validity = put.uid_validity;
  answer.uids = put.uids;
  give_up_append();
  co_return session_->on_appended(answer);
}

net::task<mailbox::inserted> imap_connection::put_whole(const imap::finish_append& asked) {
  mailbox::inserted answer;
  // The message may have been long on its way: another's account need not have waited.
  if (!append_place_.is_own()) {
    const bool there = co_await reach(append_place_, {});
    if (!there) co_return answer;
  }
  auto batch = std::make_shared<storage::batch>(*at(append_place_.shard).with.store);
  mailbox::put_messages order;
  order.folder = append_place_.name;
  order.who = append_place_.who;
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
  auto put = co_await net::ask<mailbox::inserted>(this, append_place_.account, order);
  if (put) answer = std::move(*put);
  if (answer.outcome != imap::outcome::done) whole_ = std::move(handed_over);
  co_return answer;
}

void imap_connection::give_up_append() {
  const auto& into = at(append_place_.shard).with;
  std::shared_ptr<storage::batch> batch;
  if (append_) batch = append_->give_up();
  for (const auto& each : whole_) {
    if (each.chunks == 1 && each.last_chunk) continue; // nothing of it is on disk
    if (!batch) batch = std::make_shared<storage::batch>(*into.store);
    storage::abandon_blob(*batch, each.body);
  }
  if (batch) caf::anon_send(into.committer, committer::commit_batch{batch, nullptr});
  append_.reset();
  whole_.clear();
  whole_bytes_ = held_bytes_ = digest_bytes_ = 0;
  appending_ = false;
  append_place_ = {};
  append_outcome_ = imap::outcome::done;
}

} // namespace stagepost::connection
