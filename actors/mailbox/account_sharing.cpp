#include "actors/mailbox/account.hpp"
#include "storage/mailboxes.hpp"
#include "storage/sharing.hpp"

#include <algorithm>

// What somebody who is not the owner may do with the account's folders, and who says so (RFC 4314).

namespace stagepost::mailbox {

using imap::right;

void limit_flags(std::vector<new_message>& messages, imap::rights may) {
  for (auto& each : messages) {
    each.flags &= imap::settable_flags(may);
    if (!may.has(right::write)) each.keywords.clear();
  }
}

imap::rights account_state::rights_of(const folder& which, const visitor& who) const {
  if (who.is_owner() || who.administers) return imap::all_rights;
  return imap::rights{storage::granted_to(who.account, who.domain, which.record.grants)};
}

outcome account_state::permits(const folder* which, const visitor& who, imap::rights needed) const {
  if (which == nullptr) return loaded ? outcome::no_such_mailbox : outcome::unavailable;
  const auto held = rights_of(*which, who);
  if (held.has_all(needed) && !held.empty()) return outcome::done;
  return held.has(right::lookup) ? outcome::not_permitted : outcome::no_such_mailbox;
}

// Asked before it is looked whether the name is taken: who may create nothing there learns nothing of what
// is.
bool account_state::may_create(std::string_view name, const visitor& who) {
  if (who.is_owner() || who.administers) return true;
  const auto* above = find_above(name);
  return above != nullptr && rights_of(*above, who).has(right::create);
}

outcome account_state::may_rename(const std::string& from, const std::string& to, const visitor& who) {
  const auto needed = imap::rights_of(right::remove);
  if (const auto may = permits(find(from), who, needed); may != outcome::done) return may;
  // What is below goes along.
  const auto prefix = from + '/';
  for (auto at = folders.lower_bound(prefix); at != folders.end() && at->first.starts_with(prefix); ++at)
    if (!rights_of(at->second, who).has_all(needed)) return outcome::not_permitted;
  return may_create(to, who) ? outcome::done : outcome::not_permitted;
}

// RFC 5464 3.3. What is private is the owner's.
outcome account_state::may_annotate(const folder* which, const imap::write_annotations& what,
                                    const visitor& who) const {
  if (what.mailbox.empty()) return outcome::not_permitted;
  const auto may = permits(which, who, imap::rights_of(right::read, right::write));
  if (may != outcome::done) return may;
  const bool all_shared = std::all_of(what.changes.begin(), what.changes.end(),
                                      [](const auto& each) { return each.name.starts_with("/shared/"); });
  return all_shared ? outcome::done : outcome::not_permitted;
}

outcome account_state::may_put(const put_messages& what) {
  const auto may = permits(find(what.folder), what.who, imap::rights_of(right::insert));
  if (may != outcome::done || !what.replaced.from) return may;
  return permits(find(what.replaced.from_id), what.who, imap::rights_of(right::mark, right::expunge));
}

outcome account_state::may_copy(const copy_messages& what) {
  // RFC 6851 3.3: what MOVE takes away is marked and expunged.
  const auto needed =
      what.move ? imap::rights_of(right::read, right::mark, right::expunge) : imap::rights_of(right::read);
  const auto may = permits(find(what.from_id), what.who, needed);
  if (may != outcome::done) return may;
  return permits(find(what.to), what.who, imap::rights_of(right::insert));
}

rights_found account_state::find_rights_of(const folder* which, const visitor& who) const {
  if (which == nullptr) return {loaded ? outcome::no_such_mailbox : outcome::unavailable, {}};
  const auto held = rights_of(*which, who);
  if (!held.has_any(imap::rights_to_know)) return {outcome::no_such_mailbox, {}};
  return {outcome::done, held};
}

grants_found account_state::grants_of(const read_grants& what) {
  const auto* which = find(what.name);
  const auto may = permits(which, what.who, imap::rights_of(right::administer));
  if (may != outcome::done) return {may, {}};
  return {outcome::done, which->record.grants};
}

namespace {

/// The list after the change; false where it would name too many.
bool apply(const change_grant& what, std::vector<storage::grant>& grants) {
  auto at = std::find_if(grants.begin(), grants.end(), [&](const storage::grant& each) {
    return each.kind == what.kind && each.number == what.number;
  });
  if (at == grants.end()) at = grants.insert(at, {what.kind, what.number, 0, 0});
  auto& bits = what.negative ? at->denied : at->granted;
  switch (what.how) {
  case imap::rights_change::replace: bits = what.rights.bits; break;
  case imap::rights_change::add: bits = uint16_t(bits | what.rights.bits); break;
  case imap::rights_change::remove: bits = uint16_t(bits & ~what.rights.bits); break;
  }
  if (at->granted == 0 && at->denied == 0) grants.erase(at);
  return grants.size() <= max_grants;
}

} // namespace

caf::result<outcome_answer> account_state::change_grants(const change_grant& what) {
  auto pending = self->make_response_promise<outcome_answer>();
  open_answer<outcome_answer> answer(pending);
  when_list_free([this, what, answer]() mutable {
    const auto* which = find(what.name);
    const auto may = permits(which, what.who, imap::rights_of(right::administer));
    if (may != outcome::done) return (void)answer.deliver(outcome_answer{may});
    if (what.kind == storage::grantee_kind::user && what.number == id.value)
      return (void)answer.deliver(outcome_answer{outcome::cannot}); // the owner has all rights, always
    auto changed = which->record;
    if (!apply(what, changed.grants)) return (void)answer.deliver(outcome_answer{outcome::limit_reached});
    commit_grants({std::move(changed)}, answer);
  });
  return pending;
}

caf::result<outcome_answer> account_state::revoke(const revoke_grants& what) {
  auto pending = self->make_response_promise<outcome_answer>();
  open_answer<outcome_answer> answer(pending);
  when_list_free([this, what, answer]() mutable {
    if (!loaded) return (void)answer.deliver(outcome_answer{});
    std::vector<storage::folder_record> changed;
    for (const auto& [name, each] : folders) {
      auto record = each.record;
      const auto gone = std::erase_if(record.grants, [&](const storage::grant& grant) {
        return grant.kind == storage::grantee_kind::user && grant.number == what.from.value;
      });
      if (gone != 0) changed.push_back(std::move(record));
    }
    if (changed.empty()) return (void)answer.deliver(outcome_answer{outcome::done});
    commit_grants(std::move(changed), answer);
  });
  return pending;
}

void account_state::commit_grants(std::vector<storage::folder_record> changed,
                                  open_answer<outcome_answer> answer) {
  auto batch = std::make_shared<storage::batch>(*with.store);
  for (const auto& each : changed)
    storage::put_grants(*batch, id, folders.find(each.name)->second.record, each);
  commit_list(
      std::move(batch),
      [this, changed](bool written) {
        if (!written) return;
        for (const auto& each : changed) {
          auto& held = folders.find(each.name)->second;
          held.record.grants = each.grants;
          if (held.actor) self->send(held.actor, grants_changed{each.grants});
        }
      },
      answer);
}

caf::result<outcome_answer> account_state::subscribe_elsewhere(const subscribe_shared& what) {
  auto pending = self->make_response_promise<outcome_answer>();
  open_answer<outcome_answer> answer(pending);
  when_list_free([this, what, answer]() mutable {
    if (!loaded) return (void)answer.deliver(outcome_answer{});
    if (erased) return (void)answer.deliver(outcome_answer{outcome::not_permitted});
    auto batch = std::make_shared<storage::batch>(*with.store);
    if (what.subscribed)
      storage::put_subscription(*batch, id, {what.owner, what.folder});
    else
      storage::delete_subscription(*batch, id, {what.owner, what.folder});
    commit_list(
        std::move(batch), [](bool) {}, answer);
  });
  return pending;
}

} // namespace stagepost::mailbox
