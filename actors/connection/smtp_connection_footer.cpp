#include "actors/connection/smtp_connection.hpp"

#include "actors/log/log.hpp"
#include "actors/offload/interface.hpp"
#include "protocols/base/text.hpp"
#include "storage/blobs.hpp"

#include <algorithm>
#include <utility>

// The footer goes into the message when it came in whole and is not answered yet: so all that is made of it,
// in mailboxes, on the way out and when it is sent on, has it once, and it is signed as it leaves. What a
// crash leaves of either body is one that nobody refers to.

namespace stagepost::connection {

std::string smtp_connection::footer_text() const {
  const auto settings = with_->settings->get();
  const auto& server = settings->footer;
  const bool from_us = !session_->authenticated_as().empty() || sender_.is_local_domain;
  domain::own_footer own;
  if (!session_->authenticated_as().empty()) {
    own = account_.footer;
  } else if (from_us) {
    own = sender_.footer;
  } else {
    // Everybody gets the same body: where domains disagree it has the server's.
    domain_id only{};
    bool agree = true;
    for (const auto& each : recipients_) {
      if (!each.domain) continue;
      if (!only) only = each.domain;
      agree = agree && only == each.domain;
    }
    const auto known = footers_.find(only);
    if (agree && known != footers_.end()) own = known->second;
  }
  if (server.domains_may_override && own) return *own;
  return server.enabled ? server.text : std::string{};
}

net::task<std::optional<bytes>> smtp_connection::read_back(uint32_t chunk) {
  if (chunk + 1 == body_->chunks()) co_return *body_->last_chunk();
  const auto& from = body_->services();
  auto near = storage::read_chunk(*from.store, body_->body(), chunk, storage::reach::cache);
  if (near) co_return std::move(*near);
  const auto found = std::make_shared<storage::result<bytes>>(storage::errc::io_error);
  offload::run_work order{offload::make_work([found, store = from.store, body = body_->body(), chunk] {
    *found = storage::read_chunk(*store, body, chunk, storage::reach::disk);
  })};
  auto read = co_await net::ask<offload::work_done>(this, from.readers, order);
  if (!read || !*found) co_return std::nullopt;
  co_return std::move(**found);
}

net::task<std::optional<bytes>> smtp_connection::read_back(mime::extent span) {
  bytes out;
  while (out.size() < span.size) {
    const auto offset = span.offset + out.size();
    const auto chunk = uint32_t(offset / storage::body_chunk_bytes);
    if (chunk >= body_->chunks()) co_return std::nullopt;
    const auto piece = co_await read_back(chunk);
    const auto skip = size_t(offset % storage::body_chunk_bytes);
    if (!piece || piece->size() <= skip) co_return std::nullopt;
    out += bytes_view(*piece).substr(skip, span.size - out.size());
  }
  co_return out;
}

net::task<bool> smtp_connection::add_footer() {
  footer_fate_.clear();
  const auto text = footer_text();
  if (trim(text).empty()) co_return true;
  const auto message = mime::decode(body_->digest());
  if (!message) co_return false;
  const auto where = footer::outline_of(*message);
  if (!where.refusal.empty()) {
    footer_fate_ = "none, " + where.refusal;
    co_return true;
  }
  const auto header = co_await read_back(message->root.header());
  if (!header) co_return false;
  std::vector<bytes> texts;
  for (const auto* each : where.texts) {
    auto read = co_await read_back(footer::span_of(*each));
    if (!read) co_return false;
    texts.push_back(std::move(*read));
  }
  const auto boundary = "=_footer_" + to_hex(random_octets(16));
  footer::wanted_footer what;
  what.text = text;
  what.lists_too = with_->settings->get()->footer.mailing_lists;
  what.boundary = boundary;
  auto placed = footer::place(*message, where, *header, texts, what);
  if (!placed.refusal.empty()) {
    footer_fate_ = "none, " + placed.refusal;
    co_return true;
  }
  const bool written = co_await write_again(std::move(placed.edits));
  if (written) footer_fate_ = "added";
  co_return written;
}

net::task<bool> smtp_connection::write_again(std::vector<footer::edit> edits) {
  footer::editor work(std::move(edits));
  body_writer made(body_->services());
  bool failed = false;
  for (uint32_t i = 0; i < body_->chunks() && !failed; ++i) {
    const auto piece = co_await read_back(i);
    failed = !piece;
    if (failed) break;
    bytes out;
    work.feed(*piece, out);
    if (i + 1 == body_->chunks()) work.finish(out);
    made.feed(out);
    while (made.has_full_chunk() && !failed) {
      committer::commit_batch order{made.take_chunk(), nullptr};
      auto written = co_await net::ask<committer::committed>(this, made.services().committer, order);
      failed = !written;
    }
  }
  if (failed) {
    log::error("{}: a body could not be written with its footer", id_);
    if (auto batch = made.give_up())
      caf::anon_send(made.services().committer, committer::commit_batch{batch, nullptr});
    co_return false;
  }
  made.finish();
  give_up_body();
  body_.emplace(std::move(made));
  co_return true;
}

} // namespace stagepost::connection
