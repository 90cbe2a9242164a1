#include "actors/connection/imap_connection.hpp"
#include "protocols/imap/namespaces.hpp"

// Where the folder is that a client names, and as whom he uses it.

namespace stagepost::connection {

net::task<imap_connection::place> imap_connection::find_place(std::string name) {
  place own;
  own.name = name;
  own.owner = account_id_;
  own.shard = shard_;
  own.account = account_;
  const auto foreign = shares_ ? imap::split_foreign(name, level_separator) : std::nullopt;
  if (!foreign) co_return own;
  // One's own of such a name comes first: it may be older than these names are.
  mailbox::open_folder look{name};
  auto mine = co_await net::ask<mailbox::folder_opened>(this, account_, look);
  if (mine && mine->outcome == imap::outcome::done) co_return own;
  place found;
  found.outcome = mine ? mine->outcome : imap::outcome::unavailable;
  found.name = foreign->inner;
  found.who = {account_id_, domain_, false};
  if (found.outcome != imap::outcome::no_such_mailbox || foreign->inner.empty()) co_return found;
  domain::account_target target;
  if (foreign->is_public) {
    domain::find_neighbours question{domain_, {}};
    auto answer = co_await net::ask<domain::neighbours_found>(this, with_->directory, question);
    if (!answer || !answer->done) found.outcome = imap::outcome::unavailable;
    if (answer) target = std::move(answer->public_folders);
    found.is_public = true;
    found.who.administers = administers_;
  } else {
    domain::find_member question{domain_, foreign->user};
    auto answer = co_await net::ask<domain::address_found>(this, with_->directory, question);
    if (!answer || answer->kind == domain::address_kind::unavailable)
      found.outcome = imap::outcome::unavailable;
    if (answer) target = std::move(answer->target);
  }
  // Nobody is another user to himself.
  if (!target.account || target.account == account_id_ || target.shard >= with_->shards.size())
    co_return found;
  found.owner = target.account;
  found.shard = target.shard;
  found.quota_bytes = target.quota_bytes;
  found.address = target.address;
  const bool there = co_await reach(found, {});
  found.outcome = there ? imap::outcome::done : imap::outcome::unavailable;
  co_return found;
}

net::task<bool> imap_connection::reach(place& where, caf::actor_addr session) {
  mailbox::open_account order{where.owner, where.quota_bytes, session, where.is_public};
  auto opened = co_await net::ask<mailbox::account_opened>(this, at(where.shard).accounts, order);
  if (!opened) co_return false;
  where.account = opened->account;
  co_return true;
}

void imap_connection::let_go(const place& where) {
  if (!where.is_own() && where.account) send(where.account, mailbox::detach_session{address()});
}

net::task<imap::rights> imap_connection::rights_in(const place& where, mailbox_id folder) {
  if (where.is_own()) co_return imap::all_rights;
  mailbox::find_rights question{folder, where.who};
  auto found = co_await net::ask<mailbox::rights_found>(this, where.account, question);
  co_return found && found->outcome == imap::outcome::done ? found->rights : imap::rights{};
}

mailbox_id imap_connection::shown_id(mailbox_id folder, size_t shard) const {
  constexpr unsigned shard_shift = 56; // as blob_id has it
  return shard == shard_ ? folder : mailbox_id{folder.value | uint64_t(shard + 1) << shard_shift};
}

} // namespace stagepost::connection
