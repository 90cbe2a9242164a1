#include "actors/connection/imap_connection.hpp"

// Quotas (RFC 9208): of one's own mail, and for administrators those of the users of their domain.

namespace stagepost::connection {

net::task<imap_connection::place> imap_connection::find_quota_root(std::string root) {
  place found;
  found.owner = account_id_;
  found.shard = shard_;
  found.account = account_;
  if (root.empty()) co_return found;
  found.outcome = imap::outcome::no_such_user;
  if (!administers_ || root.find('@') == std::string::npos) co_return found;
  auto user = co_await find_member(std::move(root));
  found.outcome = user.outcome;
  if (user.outcome != imap::outcome::done) co_return found;
  if (user.target.shard >= with_->shards.size()) found.outcome = imap::outcome::unavailable;
  found.owner = user.target.account;
  found.shard = user.target.shard;
  found.quota_bytes = user.target.quota_bytes;
  found.account = nullptr;
  co_return found;
}

net::task<imap::actions> imap_connection::read_quota(const imap::read_quota& asked) {
  place where;
  std::string root;
  if (asked.mailbox.empty()) {
    where = co_await find_quota_root(asked.root);
    if (where.outcome != imap::outcome::done) co_return session_->on_quota(where.outcome, {});
  } else {
    where = co_await find_place(asked.mailbox);
    if (!where.is_own()) {
      // What is public is no user's.
      if (administers_ && !where.is_public && where.outcome == imap::outcome::done) root = where.address;
      if (root.empty()) {
        imap::quota_usage nothing;
        nothing.foreign = true;
        co_return session_->on_quota(imap::outcome::done, nothing);
      }
    }
  }
  co_return co_await tell_quota(std::move(where), std::move(root));
}

net::task<imap::actions> imap_connection::change_quota(const imap::change_quota& asked) {
  auto where = co_await find_quota_root(asked.root);
  if (!administers_) where.outcome = imap::outcome::not_permitted;
  if (where.outcome != imap::outcome::done) co_return session_->on_quota(where.outcome, {});
  domain::change_quota order{domain_, account_id_, where.owner, asked.megabytes};
  auto changed = co_await net::ask<domain::quota_changed>(this, with_->directory, order);
  auto result = imap::outcome::unavailable;
  if (changed) {
    switch (changed->outcome) {
    case domain::quota_change::done: result = imap::outcome::done; break;
    case domain::quota_change::unavailable: break;
    case domain::quota_change::not_permitted: result = imap::outcome::not_permitted; break;
    case domain::quota_change::unknown: result = imap::outcome::no_such_user; break;
    case domain::quota_change::beyond_domain: result = imap::outcome::limit_reached; break;
    }
  }
  if (result != imap::outcome::done) co_return session_->on_quota(result, {});
  where.quota_bytes = changed->target.quota_bytes;
  where.account = nullptr; // reached once more, by which it hears of its new limit
  co_return co_await tell_quota(std::move(where), asked.root);
}

net::task<imap::actions> imap_connection::tell_quota(place where, std::string root) {
  if (!where.account) {
    const bool there = co_await reach(where, {});
    if (!there) co_return session_->on_quota(imap::outcome::unavailable, {});
  }
  auto used = co_await net::ask<mailbox::usage>(this, where.account, atom::status::value);
  if (!used) co_return session_->on_quota(imap::outcome::unavailable, {});
  imap::quota_usage found;
  found.messages = used->messages;
  found.size_bytes = used->size_bytes;
  found.size_limit_bytes = used->quota_bytes;
  found.mailboxes = used->folders;
  found.mailbox_limit = used->most_folders;
  found.root = std::move(root);
  co_return session_->on_quota(imap::outcome::done, found);
}

} // namespace stagepost::connection
