#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/mailbox/account.hpp"
#include "actors/wall_clock.hpp"
#include "protocols/base/text.hpp"
#include "storage/mailboxes.hpp"
#include "storage/sharing.hpp"

namespace stagepost::mailbox {

namespace {

std::string canonical(std::string_view name) {
  if (ascii_iequals(name, "INBOX")) return "INBOX";
  if (ascii_istarts_with(name, "INBOX/")) return "INBOX" + std::string(name.substr(5));
  return std::string(name);
}

} // namespace

account_state::folder* account_state::find(std::string_view name) {
  const auto at = folders.find(canonical(name));
  return at == folders.end() || at->second.ending ? nullptr : &at->second;
}

account_state::folder* account_state::find(mailbox_id which) {
  for (auto& [name, each] : folders)
    if (each.record.id == which) return each.ending ? nullptr : &each;
  return nullptr;
}

account_state::folder* account_state::find_above(std::string_view name) {
  for (auto slash = name.rfind('/'); slash != name.npos && slash > 0; slash = name.rfind('/', slash - 1))
    if (auto* above = find(name.substr(0, slash))) return above;
  return nullptr;
}

bool account_state::has_children(std::string_view name) const {
  const auto prefix = std::string(name) + '/';
  const auto at = folders.lower_bound(prefix);
  return at != folders.end() && at->first.compare(0, prefix.size(), prefix) == 0;
}

void account_state::when_list_free(std::function<void()> change) {
  when_loaded([this, change = std::move(change)]() mutable {
    if (list_busy)
      list_waiting.push_back(std::move(change));
    else
      change();
  });
}

void account_state::list_freed() {
  list_busy = false;
  while (!list_busy && !list_waiting.empty()) {
    const auto next = std::move(list_waiting.front());
    list_waiting.pop_front();
    next();
  }
}

void account_state::commit_list(std::shared_ptr<storage::batch> batch, std::function<void(bool)> apply,
                                open_answer<outcome_answer> answer) {
  list_busy = true;
  ++under_way;
  self->request(with.committer, caf::infinite, committer::commit_batch{std::move(batch), nullptr, lease})
      .then(
          [this, apply, answer](committer::committed) mutable {
            --under_way;
            apply(true);
            answer.deliver(outcome_answer{outcome::done});
            list_freed();
          },
          [this, apply, answer](caf::error& failed) mutable {
            --under_way;
            log::error("account {}: folder list not written: {}", id.value, describe(failed));
            apply(false);
            answer.deliver(outcome_answer{outcome::unavailable});
            list_freed();
          });
}

caf::result<outcome_answer> account_state::create(const imap::create_mailbox& what, const visitor& who) {
  const auto cause = asking();
  auto pending = self->make_response_promise<outcome_answer>();
  open_answer<outcome_answer> answer(pending);
  when_list_free([this, what, who, answer, cause]() mutable {
    const auto name = canonical(what.name);
    if (!loaded) return (void)answer.deliver(outcome_answer{});
    if (erased || !may_create(name, who)) return (void)answer.deliver(outcome_answer{outcome::not_permitted});
    if (folders.count(name) != 0) return (void)answer.deliver(outcome_answer{outcome::already_exists});
    if (folders.size() >= max_folders) return (void)answer.deliver(outcome_answer{outcome::limit_reached});
    folder made;
    made.record = {with.store->next_mailbox(), name, with.store->next_uid_validity(),
                   who.is_owner() ? uint8_t(what.use) : uint8_t(0), false};
    // RFC 4314 4: it is shared as what is above it.
    if (const auto* above = find_above(name)) made.record.grants = above->record.grants;
    auto batch = std::make_shared<storage::batch>(*with.store);
    storage::put_grants(*batch, id, {}, made.record);
    storage::put_counters(*batch, made.record.id, {});
    commit_list(
        batch,
        [this, name, made, cause](bool written) {
          if (!written) return;
          folders.emplace(name, made);
          announce({imap::mailbox_event::kind::created, info_of(made.record), {}, {}, {}}, cause);
        },
        answer);
  });
  return pending;
}

caf::result<outcome_answer> account_state::remove(const imap::delete_mailbox& what, const visitor& who) {
  const auto cause = asking();
  auto pending = self->make_response_promise<outcome_answer>();
  open_answer<outcome_answer> answer(pending);
  when_list_free([this, what, who, answer, cause]() mutable {
    const auto name = canonical(what.name);
    auto* which = find(name);
    if (!loaded) return (void)answer.deliver(outcome_answer{});
    if (!who.is_owner())
      if (const auto may = permits(which, who, imap::rights_of(imap::right::remove)); may != outcome::done)
        return (void)answer.deliver(outcome_answer{may});
    if (name == "INBOX" && !is_public)
      return (void)answer.deliver(outcome_answer{outcome::cannot}); // RFC 9051 6.3.5
    if (which == nullptr)
      return (void)answer.deliver(
          outcome_answer{has_children(name) ? outcome::has_children : outcome::no_such_mailbox});
    // From here on nothing new goes in, and what is on its way in is on disk before the folder goes: a
    // message that was answered for must not end in a folder that is being emptied.
    which->ending = true;
    list_busy = true;
    ++under_way;
    auto go_on = [this, name, cause, answer]() mutable {
      --under_way;
      remove_settled(name, cause, answer);
    };
    self->request(actor_of(*which), caf::infinite, atom::flush::value)
        .then([go_on](outcome_answer) mutable { go_on(); }, [go_on](caf::error&) mutable { go_on(); });
  });
  return pending;
}

void account_state::remove_settled(const std::string& name, const caf::actor_addr& cause,
                                   open_answer<outcome_answer> answer) {
  auto batch = std::make_shared<storage::batch>(*with.store);
  const auto& gone = folders.at(name).record;
  if (keeps_expunged(with))
    storage::retire_folder(*batch, id, gone, wall_clock());
  else
    storage::delete_folder(*batch, id, gone);
  commit_list(
      batch,
      [this, name, cause](bool written) {
        const auto at = folders.find(name);
        if (!written) {
          at->second.ending = false;
          return;
        }
        // Emptied only when its actor has ended: what comes late must not be written behind the eraser's
        // back.
        const auto erase = [this, gone = at->second.record.id] {
          self->send(with.eraser, erase_contents{gone});
        };
        if (at->second.actor) {
          ++under_way;
          const auto ended = [this, erase] {
            --under_way;
            erase();
          };
          self->request(at->second.actor, caf::infinite, atom::stop::value)
              .then([ended](outcome_answer) { ended(); }, [ended](caf::error&) { ended(); });
        } else {
          erase();
        }
        folders.erase(at);
        imap::mailbox_event event;
        event.what = imap::mailbox_event::kind::deleted;
        event.mailbox.name = name;
        announce(event, cause);
      },
      answer);
}

caf::result<outcome_answer> account_state::rename(const imap::rename_mailbox& what, const visitor& who) {
  const auto cause = asking();
  auto pending = self->make_response_promise<outcome_answer>();
  open_answer<outcome_answer> answer(pending);
  when_list_free([this, what, who, answer, cause]() mutable {
    const auto from = canonical(what.from);
    const auto to = canonical(what.to);
    const auto prefix = from + '/';
    if (!loaded) return (void)answer.deliver(outcome_answer{});
    if (!who.is_owner())
      if (const auto may = may_rename(from, to, who); may != outcome::done)
        return (void)answer.deliver(outcome_answer{may});
    if (folders.count(to) != 0) return (void)answer.deliver(outcome_answer{outcome::already_exists});
    if (to.compare(0, prefix.size(), prefix) == 0)
      return (void)answer.deliver(outcome_answer{outcome::cannot});
    if (from == "INBOX" && !is_public) return (void)answer.deliver(outcome_answer{outcome::cannot});
    if (folders.count(from) == 0 && !has_children(from))
      return (void)answer.deliver(outcome_answer{outcome::no_such_mailbox});
    std::vector<std::pair<std::string, std::string>> moves; // the folder and all below it
    for (const auto& [name, each] : folders)
      if (name == from || name.compare(0, prefix.size(), prefix) == 0)
        moves.emplace_back(name, to + name.substr(from.size()));
    for (const auto& [old_name, new_name] : moves)
      if (folders.count(new_name) != 0) return (void)answer.deliver(outcome_answer{outcome::already_exists});
    auto batch = std::make_shared<storage::batch>(*with.store);
    for (const auto& [old_name, new_name] : moves) {
      auto record = folders.at(old_name).record;
      record.name = new_name;
      storage::put_folder(*batch, id, record);
    }
    commit_list(
        batch,
        [this, moves, cause](bool written) {
          if (!written) return;
          for (const auto& [old_name, new_name] : moves) {
            auto node = folders.extract(old_name);
            node.key() = new_name;
            node.mapped().record.name = new_name;
            if (node.mapped().actor) self->send(node.mapped().actor, folder_renamed{new_name});
            announce({imap::mailbox_event::kind::renamed, info_of(node.mapped().record), old_name, {}, {}},
                     cause);
            folders.insert(std::move(node));
          }
        },
        answer);
  });
  return pending;
}

caf::result<outcome_answer> account_state::subscribe(const imap::subscribe_mailbox& what) {
  const auto cause = asking();
  auto pending = self->make_response_promise<outcome_answer>();
  open_answer<outcome_answer> answer(pending);
  when_list_free([this, what, answer, cause]() mutable {
    auto* which = find(what.name);
    if (which == nullptr)
      return (void)answer.deliver(outcome_answer{loaded ? outcome::no_such_mailbox : outcome::unavailable});
    auto record = which->record;
    record.subscribed = what.subscribed;
    auto batch = std::make_shared<storage::batch>(*with.store);
    storage::put_folder(*batch, id, record);
    commit_list(
        batch,
        [this, name = record.name, subscribed = what.subscribed, cause](bool written) {
          auto* const still = find(name);
          if (still == nullptr || !written) return;
          still->record.subscribed = subscribed;
          announce({imap::mailbox_event::kind::subscription, info_of(still->record), {}, {}, {}}, cause);
        },
        answer);
  });
  return pending;
}

} // namespace stagepost::mailbox
