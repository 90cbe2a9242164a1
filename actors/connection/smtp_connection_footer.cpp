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
  domain::own_footer own;
  if (sender_.is_local_domain) {
    own = sender_.footer;
  } else if (!session_->authenticated_as().empty()) {
    own = account_.footer;
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

net::task<bool> smtp_connection::is_sent_on() {
  for (const auto& each : recipients_) {
    if (each.kind == domain::address_kind::account) {
      if (each.target.forwards != domain::forwarding::none) co_return true;
      continue;
    }
    if (each.kind != domain::address_kind::alias) co_return true;
    domain::expand_address order{each.recipient.address, with_->settings->get()->spool.alias_expansion_limit};
    const auto all = co_await net::ask<domain::address_expanded>(this, with_->directory, order);
    if (!all || all->kind == domain::address_kind::unavailable || all->cut || !all->elsewhere.empty())
      co_return true;
    for (const auto& user : all->accounts)
      if (user.forwards != domain::forwarding::none) co_return true;
  }
  co_return false;
}

net::task<bool> smtp_connection::add_footer() {
  footer_fate_.clear();
  auto text = footer_text();
  if (trim(text).empty()) co_return true;
  auto edits = co_await plan_footer(std::move(text));
  if (!edits) log::error("{}: a body could not be read to put a footer into it", id_);
  if (!edits || edits->empty()) co_return bool(edits);
  const bool written = co_await write_again(std::move(*edits));
  if (written) footer_fate_ = "added";
  co_return written;
}

net::task<std::optional<std::vector<footer::edit>>> smtp_connection::plan_footer(std::string text) {
  std::vector<footer::edit> none;
  const auto message = mime::decode(body_->digest());
  if (!message) co_return std::nullopt;
  const auto where = footer::outline_of(*message);
  auto refusal = where.refusal;
  bytes header;
  if (refusal.empty()) {
    auto read = co_await read_back(message->root.header());
    if (!read) co_return std::nullopt;
    header = std::move(*read);
    refusal = footer::refusal_of(*message, header, with_->settings->get()->footer.mailing_lists);
  }
  // Whom it is sent on to would find a signature that does not hold, ours (ARC) over the same finding, and
  // refuse it (DMARC). Users hand such mail in, too: what another wrote, or a program of theirs signed.
  if (refusal.empty() && footer::is_signed_on_its_way(header)) {
    const bool leaves = co_await is_sent_on();
    if (leaves) refusal = "it is signed (DKIM, ARC) and sent on";
  }
  if (!refusal.empty()) {
    footer_fate_ = "none, " + refusal;
    co_return none;
  }
  std::vector<bytes> texts;
  for (const auto* each : where.texts) {
    auto read = co_await read_back(footer::span_of(*each));
    if (!read) co_return std::nullopt;
    texts.push_back(std::move(*read));
  }
  const auto boundary = "=_footer_" + to_hex(random_octets(16));
  footer::wanted_footer what;
  what.text = text;
  what.boundary = boundary;
  auto placed = footer::place(*message, where, header, texts, what);
  if (!placed.refusal.empty()) footer_fate_ = "none, " + placed.refusal;
  co_return std::move(placed.edits);
}

net::task<bool> smtp_connection::write_again(std::vector<footer::edit> edits) {
  footer::editor work(std::move(edits));
  auto& made = body_made_anew_.emplace(body_->services());
  for (uint32_t i = 0; i < body_->chunks(); ++i) {
    const auto piece = co_await read_back(i);
    bool failed = !piece;
    if (piece) {
      bytes out;
      work.feed(*piece, out);
      if (i + 1 == body_->chunks()) work.finish(out);
      made.feed(out);
    }
    while (made.has_full_chunk() && !failed) {
      committer::commit_batch order{made.take_chunk(), nullptr};
      auto written = co_await net::ask<committer::committed>(this, made.services().committer, order);
      failed = !written;
    }
    if (!failed) continue;
    log::error("{}: a body could not be written with its footer", id_);
    co_return false; // both are given up with the message
  }
  made.finish();
  std::swap(body_, body_made_anew_);
  give_up(body_made_anew_);
  co_return true;
}

} // namespace stagepost::connection
