#include "actors/connection/imap_connection.hpp"
#include "protocols/imap/namespaces.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/mailboxes.hpp"
#include "storage/sharing.hpp"

#include <algorithm>
#include <set>
#include <tuple>

// Folders that others share, in LIST, and access control lists (RFC 4314).

namespace stagepost::connection {

namespace {

constexpr std::string_view anyone = "anyone";
/// Folders of others that one shard may add to a LIST.
constexpr size_t most_shared = 10000;
constexpr size_t most_subscriptions = 10000;

struct shared_record {
  account_id owner;
  storage::folder_record folder;
};

/// The folders of a shard that name the user or his domain.
storage::result<std::vector<shared_record>> read_shared_records(const storage::store& from, account_id who,
                                                                domain_id domain, storage::reach reach) {
  const auto rows = storage::read_shared(from, who, domain, most_shared, reach);
  if (!rows) return rows.error();
  std::vector<shared_record> all;
  std::set<uint64_t> known; // those that name both come twice
  for (const auto& each : *rows) {
    if (each.owner == who || !known.insert(each.folder.value).second) continue;
    auto folder = storage::read_folder(from, each.owner, each.folder, reach);
    if (folder)
      all.push_back({each.owner, std::move(*folder)});
    else if (folder.error().code != storage::errc::not_found) // deleted since the index was read
      return folder.error();
  }
  return all;
}

} // namespace

net::task<imap::actions> imap_connection::list() {
  mailbox::list_folders order;
  auto found = co_await net::ask<mailbox::folder_list>(this, account_, order);
  if (!found) co_return session_->on_mailboxes(imap::outcome::unavailable, {});
  if (found->outcome == imap::outcome::done && shares_) {
    const bool complete = co_await add_shared(found->folders);
    if (!complete) co_return session_->on_mailboxes(imap::outcome::unavailable, {});
  }
  co_return session_->on_mailboxes(found->outcome, std::move(found->folders));
}

net::task<bool> imap_connection::add_shared(std::vector<imap::mailbox_info>& into) {
  using records = std::vector<shared_record>;
  records all;
  for (const auto& each : with_->shards) {
    std::function<storage::result<records>(storage::reach)> how = [store = each.with.store, who = account_id_,
                                                                   domain = domain_](storage::reach reach) {
      return read_shared_records(*store, who, domain, reach);
    };
    auto found = co_await read<records>(each.with, how);
    if (!found) co_return false;
    std::move(found->begin(), found->end(), std::back_inserter(all));
  }
  domain::find_neighbours question{domain_, {}};
  for (const auto& each : all)
    if (question.accounts.empty() || question.accounts.back() != each.owner)
      question.accounts.push_back(each.owner);
  auto known = co_await net::ask<domain::neighbours_found>(this, with_->directory, question);
  if (!known || !known->done || known->neighbours.size() != question.accounts.size()) co_return false;
  const auto holder = known->public_folders;
  std::vector<storage::folder_record> of_domain;
  if (holder.account && holder.shard < with_->shards.size()) {
    using folders = std::vector<storage::folder_record>;
    const auto& from = at(holder.shard).with;
    std::function<storage::result<folders>(storage::reach)> how =
        [store = from.store, account = holder.account](storage::reach reach) {
          return storage::read_folders(*store, account, reach);
        };
    auto found = co_await read<folders>(from, how);
    if (!found) co_return false;
    of_domain = std::move(*found);
  }
  using subscriptions = std::vector<storage::shared_folder>;
  std::function<storage::result<subscriptions>(storage::reach)> how =
      [store = home().with.store, who = account_id_](storage::reach reach) {
        return storage::read_subscriptions(*store, who, most_subscriptions, reach);
      };
  const auto subscribed = co_await read<subscriptions>(home().with, how);
  if (!subscribed) co_return false;
  std::set<std::pair<uint64_t, uint64_t>> chosen;
  for (const auto& each : *subscribed) chosen.emplace(each.owner.value, each.folder.value);
  std::set<std::string, std::less<>> own;
  for (const auto& each : into)
    if (imap::split_foreign(each.name, level_separator)) own.insert(each.name);
  const auto add = [&](std::string name, account_id owner, size_t shard, const storage::folder_record& folder,
                       imap::rights held) {
    if (!held.has(imap::right::lookup) || own.count(name) != 0) return;
    imap::mailbox_info info;
    info.name = std::move(name);
    info.subscribed = chosen.count({owner.value, folder.id.value}) != 0;
    info.foreign = true;
    info.rights = held;
    info.id = shown_id(folder.id, shard);
    into.push_back(std::move(info));
  };
  const auto rights_to = [&](const storage::folder_record& folder) {
    return imap::rights{storage::granted_to(account_id_, domain_, folder.grants)};
  };
  size_t at_neighbour = 0;
  for (const auto& each : all) {
    if (question.accounts[at_neighbour] != each.owner) ++at_neighbour;
    const auto& owner = known->neighbours[at_neighbour];
    if (!owner.target.account || each.owner == holder.account) continue;
    add(imap::foreign_name_of(owner.local_part, each.folder.name, level_separator), each.owner,
        owner.target.shard, each.folder, rights_to(each.folder));
  }
  for (const auto& each : of_domain)
    add(imap::public_name_of(each.name, level_separator), holder.account, holder.shard, each,
        administers_ ? imap::all_rights : rights_to(each));
  co_return true;
}

net::task<imap_connection::member> imap_connection::find_member(std::string address) {
  member found;
  auto local = smtp::canonical_local(address);
  if (address.find('@') != std::string::npos) {
    const auto parsed = smtp::parse_mailbox(address, true);
    if (!parsed) co_return found;
    local = smtp::canonical_local(parsed->local);
    domain::find_domain question{parsed->domain};
    auto domain = co_await net::ask<domain::domain_found>(this, with_->directory, question);
    if (!domain || !domain->done) found.outcome = imap::outcome::unavailable;
    if (!domain || !domain->known || domain->domain != domain_) co_return found;
  }
  domain::find_member question{domain_, local};
  auto user = co_await net::ask<domain::address_found>(this, with_->directory, question);
  if (!user || user->kind == domain::address_kind::unavailable)
    found.outcome = imap::outcome::unavailable;
  else if (user->kind == domain::address_kind::account)
    found = {imap::outcome::done, std::move(user->target)};
  co_return found;
}

net::task<imap_connection::grantee> imap_connection::identify(std::string identifier) {
  grantee found;
  if (identifier == anyone) {
    found = {imap::outcome::done, storage::grantee_kind::domain, domain_.value};
    co_return found;
  }
  const auto user = co_await find_member(std::move(identifier));
  found.outcome = user.outcome;
  if (user.outcome == imap::outcome::done) found.number = user.target.account.value; // a user it is
  co_return found;
}

net::task<imap::actions> imap_connection::read_access(const imap::read_access& asked) {
  const auto where = co_await find_place(asked.mailbox);
  if (where.outcome != imap::outcome::done) co_return session_->on_access(where.outcome, {});
  mailbox::read_grants order{where.name, where.who};
  auto found = co_await net::ask<mailbox::grants_found>(this, where.account, order);
  if (!found) co_return session_->on_access(imap::outcome::unavailable, {});
  if (found->outcome != imap::outcome::done) co_return session_->on_access(found->outcome, {});
  // The owner has all rights and stands first; nobody owns what is public.
  domain::find_neighbours question{domain_, {where.owner}};
  for (const auto& each : found->grants)
    question.accounts.push_back(each.kind == storage::grantee_kind::user ? account_id{each.number}
                                                                         : account_id{});
  auto known = co_await net::ask<domain::neighbours_found>(this, with_->directory, question);
  if (!known || !known->done) co_return session_->on_access(imap::outcome::unavailable, {});
  std::vector<imap::access_entry> entries;
  if (!where.is_public) entries.push_back({known->neighbours.front().target.address, imap::all_rights});
  for (size_t i = 0; i < found->grants.size(); ++i) {
    const auto& each = found->grants[i];
    const auto& user = known->neighbours[i + 1].target;
    if (each.kind == storage::grantee_kind::user && !user.account) continue; // about to be taken away
    const auto name = each.kind == storage::grantee_kind::user ? user.address : std::string(anyone);
    if (each.granted != 0) entries.push_back({name, imap::rights{each.granted}});
    if (each.denied != 0) entries.push_back({"-" + name, imap::rights{each.denied}});
  }
  co_return session_->on_access(imap::outcome::done, std::move(entries));
}

net::task<imap::actions> imap_connection::change_access(const imap::change_access& asked) {
  const auto where = co_await find_place(asked.mailbox);
  if (where.outcome != imap::outcome::done) co_return session_->on_outcome(where.outcome);
  const auto who = co_await identify(asked.identifier);
  if (who.outcome != imap::outcome::done) {
    // Only who may change the list hears that there is no such user.
    mailbox::read_grants question{where.name, where.who};
    auto may = co_await net::ask<mailbox::grants_found>(this, where.account, question);
    const bool asked_well = may && may->outcome == imap::outcome::done;
    const auto refused = may ? may->outcome : imap::outcome::unavailable;
    co_return session_->on_outcome(asked_well ? who.outcome : refused);
  }
  mailbox::change_grant order{where.name,     where.who, who.kind,    who.number,
                              asked.negative, asked.how, asked.rights};
  auto changed = co_await net::ask<mailbox::outcome_answer>(this, where.account, order);
  co_return session_->on_outcome(changed ? changed->outcome : imap::outcome::unavailable);
}

net::task<imap::actions> imap_connection::read_rights(const imap::read_rights& asked) {
  const auto where = co_await find_place(asked.mailbox);
  if (where.outcome != imap::outcome::done) co_return session_->on_rights(where.outcome, {});
  mailbox::my_rights order{where.name, where.who};
  auto found = co_await net::ask<mailbox::rights_found>(this, where.account, order);
  if (!found) co_return session_->on_rights(imap::outcome::unavailable, {});
  co_return session_->on_rights(found->outcome, found->rights);
}

net::task<imap::actions> imap_connection::find_fixed_rights(const imap::find_fixed_rights& asked) {
  const auto where = co_await find_place(asked.mailbox);
  if (where.outcome != imap::outcome::done) co_return session_->on_rights(where.outcome, {});
  mailbox::read_grants question{where.name, where.who};
  auto may = co_await net::ask<mailbox::grants_found>(this, where.account, question);
  if (!may) co_return session_->on_rights(imap::outcome::unavailable, {});
  if (may->outcome != imap::outcome::done) co_return session_->on_rights(may->outcome, {});
  const auto who = co_await identify(asked.identifier);
  const bool is_owner = who.kind == storage::grantee_kind::user && who.number == where.owner.value;
  co_return session_->on_rights(who.outcome, is_owner ? imap::all_rights : imap::rights{});
}

} // namespace stagepost::connection
