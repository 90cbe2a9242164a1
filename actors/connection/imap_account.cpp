#include "actors/connection/imap_connection.hpp"
#include "protocols/imap/namespaces.hpp"
#include "storage/annotations.hpp"
#include "storage/sharing.hpp"

// What an IMAP client asks about folders and changes of them, beside the messages.

namespace stagepost::connection {

net::task<imap::actions> imap_connection::answer_about_folders(imap::action& question) {
  if (auto* asked = std::get_if<imap::read_status>(&question)) co_return co_await read_status(*asked);
  if (auto* asked = std::get_if<imap::read_quota>(&question)) co_return co_await read_quota(*asked);
  if (auto* asked = std::get_if<imap::change_quota>(&question)) co_return co_await change_quota(*asked);
  if (auto* asked = std::get_if<imap::read_annotations>(&question))
    co_return co_await read_annotations(*asked);
  if (auto* asked = std::get_if<imap::read_access>(&question)) co_return co_await read_access(*asked);
  if (auto* asked = std::get_if<imap::change_access>(&question)) co_return co_await change_access(*asked);
  if (auto* asked = std::get_if<imap::read_rights>(&question)) co_return co_await read_rights(*asked);
  if (auto* asked = std::get_if<imap::find_fixed_rights>(&question))
    co_return co_await find_fixed_rights(*asked);
  if (auto* asked = std::get_if<imap::create_mailbox>(&question)) co_return co_await create(*asked);
  if (auto* asked = std::get_if<imap::rename_mailbox>(&question)) co_return co_await rename(*asked);
  if (auto* asked = std::get_if<imap::subscribe_mailbox>(&question)) co_return co_await subscribe(*asked);
  if (auto* asked = std::get_if<imap::delete_mailbox>(&question)) {
    auto where = co_await find_place(asked->name);
    imap::delete_mailbox order{where.name};
    co_return co_await change_folders(std::move(where), std::move(order));
  }
  if (auto* asked = std::get_if<imap::write_annotations>(&question)) {
    auto where = co_await find_place(asked->mailbox);
    imap::write_annotations order{where.name, std::move(asked->changes), asked->most};
    co_return co_await change_folders(std::move(where), std::move(order));
  }
  co_return imap::actions{};
}

template <class Order>
net::task<imap::actions> imap_connection::change_folders(place where, Order order) {
  if (where.outcome != imap::outcome::done) co_return session_->on_outcome(where.outcome);
  auto result = imap::outcome::unavailable;
  if (where.is_own()) {
    auto answer = co_await net::ask<mailbox::outcome_answer>(this, where.account, std::move(order));
    if (answer) result = answer->outcome;
  } else {
    mailbox::visit<Order> visit{std::move(order), where.who};
    auto answer = co_await net::ask<mailbox::outcome_answer>(this, where.account, std::move(visit));
    if (answer) result = answer->outcome;
  }
  co_return session_->on_outcome(result);
}

net::task<imap::actions> imap_connection::create(const imap::create_mailbox& asked) {
  auto where = co_await find_place(asked.name);
  // Where somebody may create nothing he does not hear whether there is an owner, either.
  if (where.outcome == imap::outcome::no_such_mailbox) where.outcome = imap::outcome::not_permitted;
  imap::create_mailbox order{where.name, asked.use};
  co_return co_await change_folders(std::move(where), std::move(order));
}

net::task<imap::actions> imap_connection::rename(const imap::rename_mailbox& asked) {
  auto from = co_await find_place(asked.from);
  const auto to = co_await find_place(asked.to);
  if (from.outcome == imap::outcome::done && from.owner != to.owner) {
    // Who may not rename it learns nothing of the target; nor does anything move between accounts.
    mailbox::open_folder look{from.name, from.who, imap::rights_of(imap::right::remove)};
    auto found = co_await net::ask<mailbox::folder_opened>(this, from.account, look);
    from.outcome = found ? found->outcome : imap::outcome::unavailable;
    if (from.outcome == imap::outcome::done) from.outcome = imap::outcome::cannot;
  }
  imap::rename_mailbox order{from.name, to.name};
  co_return co_await change_folders(std::move(from), std::move(order));
}

net::task<imap::actions> imap_connection::subscribe(const imap::subscribe_mailbox& asked) {
  auto where = co_await find_place(asked.name);
  if (where.is_own() || where.outcome != imap::outcome::done) {
    imap::subscribe_mailbox order{where.name, asked.subscribed};
    if (where.outcome != imap::outcome::done) co_return session_->on_outcome(where.outcome);
    auto answer = co_await net::ask<mailbox::outcome_answer>(this, account_, order);
    co_return session_->on_outcome(answer ? answer->outcome : imap::outcome::unavailable);
  }
  mailbox::open_folder look{where.name, where.who, imap::rights_of(imap::right::lookup)};
  auto found = co_await net::ask<mailbox::folder_opened>(this, where.account, look);
  if (!found) co_return session_->on_outcome(imap::outcome::unavailable);
  if (found->outcome != imap::outcome::done) co_return session_->on_outcome(found->outcome);
  mailbox::subscribe_shared order{where.owner, found->id, asked.subscribed};
  auto answer = co_await net::ask<mailbox::outcome_answer>(this, account_, order);
  co_return session_->on_outcome(answer ? answer->outcome : imap::outcome::unavailable);
}

net::task<imap::actions> imap_connection::read_status(const imap::read_status& asked) {
  mailbox::status_answer result;
  const auto where = co_await find_place(asked.name);
  if (where.outcome != imap::outcome::done) co_return session_->on_status(where.outcome, result.status);
  mailbox::folder_status order{where.name, where.who};
  auto found = co_await net::ask<mailbox::status_answer>(this, where.account, order);
  if (found) result = *found;
  if (result.outcome == imap::outcome::done && asked.deleted_bytes && result.status.deleted) {
    mailbox::open_folder open{where.name, where.who, imap::rights_of(imap::right::read)};
    auto opened = co_await net::ask<mailbox::folder_opened>(this, where.account, open);
    if (!opened || opened->outcome != imap::outcome::done)
      co_return session_->on_status(opened ? opened->outcome : imap::outcome::unavailable, result.status);
    mailbox::sum_deleted question;
    auto sum = co_await net::ask<mailbox::deleted_sum>(this, opened->folder, question);
    result.outcome = sum ? sum->outcome : imap::outcome::unavailable;
    if (sum) result.status.deleted_bytes = sum->size_bytes;
  }
  result.status.id = shown_id(result.status.id, where.shard);
  co_return session_->on_status(result.outcome, result.status);
}

net::task<imap::actions> imap_connection::read_annotations(const imap::read_annotations& asked) {
  storage::annotation_owner owner{storage::annotated::account, account_id_.value};
  auto where = co_await find_place(asked.mailbox);
  if (where.outcome != imap::outcome::done) co_return session_->on_annotations(where.outcome, {});
  if (!asked.mailbox.empty()) {
    mailbox::open_folder order{where.name, where.who, imap::rights_of(imap::right::read)};
    auto opened = co_await net::ask<mailbox::folder_opened>(this, where.account, order);
    if (!opened) co_return session_->on_annotations(imap::outcome::unavailable, {});
    if (opened->outcome != imap::outcome::done) co_return session_->on_annotations(opened->outcome, {});
    owner = {storage::annotated::mailbox, opened->id.value};
  }
  using records = std::vector<storage::annotation_record>;
  const auto& from = at(where.shard).with;
  std::function<storage::result<records>(storage::reach)> how = [store = from.store,
                                                                 owner](storage::reach reach) {
    return storage::read_annotations(*store, owner, reach);
  };
  auto found = co_await read<records>(from, how);
  if (!found) co_return session_->on_annotations(imap::outcome::unavailable, {});
  std::vector<imap::annotation> all;
  for (auto& each : *found)
    // What is private is the owner's (RFC 5464 3.3).
    if (where.is_own() || each.name.starts_with("/shared/"))
      all.push_back({std::move(each.name), std::move(each.value)});
  co_return session_->on_annotations(imap::outcome::done, std::move(all));
}

} // namespace stagepost::connection
