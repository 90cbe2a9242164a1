#include "actors/mailbox/accounts.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/mailbox/account.hpp"
#include "actors/mailbox/cold_read.hpp"
#include "storage/annotations.hpp"
#include "storage/mailboxes.hpp"
#include "storage/recoverable.hpp"
#include "storage/sharing.hpp"

#include <algorithm>
#include <utility>

namespace stagepost::mailbox {

namespace {

constexpr auto tick_interval = std::chrono::seconds(15);
/// Accounts asked to end in one tick: bounds the burst.
constexpr size_t ends_per_tick = 512;

} // namespace

void accounts_state::reach(account_id id, uint64_t quota_bytes, std::function<void(const account_actor&)> use,
                           bool is_public) {
  auto& each = alive[id];
  each.used_at = std::chrono::steady_clock::now();
  if (each.ending) {
    each.waiting.emplace_back(
        [this, id, quota_bytes, use = std::move(use), is_public] { reach(id, quota_bytes, use, is_public); });
    return;
  }
  if (!each.actor) start(id, quota_bytes, each, is_public);
  use(each.actor);
}

void accounts_state::start(account_id id, uint64_t quota_bytes, entry& into, bool is_public) {
  into.lease = std::make_shared<committer::lease>();
  into.actor =
      self->spawn<caf::monitored>(is_public ? public_account : account, with, id, quota_bytes, into.lease);
}

void accounts_state::ask_to_end(account_id id) {
  auto& each = alive.at(id);
  each.ending = true;
  self->request(each.actor, caf::infinite, atom::drain::value)
      .then(
          [this, id](bool has_ended) {
            if (has_ended) return retire(id);
            auto& still = alive.at(id);
            still.ending = false;
            still.used_at = std::chrono::steady_clock::now();
            for (const auto& use : std::exchange(still.waiting, {})) use();
          },
          [this, id](caf::error&) { retire(id); });
}

void accounts_state::revoke(account_id id, std::function<void(bool)> then) {
  self->request(with.committer, caf::infinite, committer::revoke_lease{alive.at(id).lease})
      .then([then](committer::lease_revoked) { then(true); },
            [then, id](caf::error& failed) {
              log::error("account {}: not known what was written: {}", id.value, describe(failed));
              then(false);
            });
}

void accounts_state::retire(account_id id) {
  alive.at(id).ending = true;
  revoke(id, [this, id](bool certain) {
    if (!certain) alive.at(id).waiting.clear(); // there is nobody to write for them either
    ended(id);
  });
}

void accounts_state::ended(account_id id) {
  const auto at = alive.find(id);
  const auto waiting = std::move(at->second.waiting);
  alive.erase(at);
  for (const auto& use : waiting) use();
}

void accounts_state::tick() {
  const auto now = std::chrono::steady_clock::now();
  std::vector<std::pair<std::chrono::steady_clock::time_point, account_id>> candidates;
  for (const auto& [id, each] : alive)
    if (!each.ending && each.actor) candidates.emplace_back(each.used_at, id);
  std::sort(candidates.begin(), candidates.end());
  size_t over = candidates.size() > limits.most_alive ? candidates.size() - limits.most_alive : 0;
  size_t asked = 0;
  for (const auto& [used_at, id] : candidates) {
    if (asked >= ends_per_tick || (over == 0 && now - used_at < limits.idle)) break;
    ask_to_end(id);
    ++asked;
    if (over > 0) --over;
  }
  self->delayed_send(self, tick_interval, atom::tick::value);
}

void accounts_state::deliver(const deliver_message& what, open_answer<inserted> answer) {
  reach(what.account, what.quota_bytes, [this, what, answer](const account_actor& actor) mutable {
    self->send(actor, set_quota{what.quota_bytes});
    self->request(actor, caf::infinite, what.content)
        .then([answer](inserted& result) mutable { answer.deliver(std::move(result)); },
              [this, id = what.account, actor, answer](caf::error& failed) {
                when_certain(id, actor, [answer, failed]() mutable { answer.deliver(failed); });
              });
  });
}

void accounts_state::when_certain(account_id id, const account_actor& actor, std::function<void()> then) {
  const auto at = alive.find(id);
  if (at == alive.end() || at->second.actor != actor) return then(); // that was seen to already
  at->second.waiting.push_back(std::move(then));
  if (at->second.ending) return;
  self->send_exit(actor, caf::exit_reason::user_shutdown); // should only a folder of it have failed
  retire(id);
}

void accounts_state::forget(const forget_grantee& what, open_answer<outcome_answer> answer) {
  using rows = std::vector<storage::shared_folder>;
  read_cold<rows>(
      self, with.readers,
      [store = with.store, who = what.account](storage::reach reach) {
        return storage::read_shared_with_user(*store, who, SIZE_MAX, reach);
      },
      [this, grantee = what.account, answer](storage::result<rows> found) {
        if (!found) return answer.deliver(outcome_answer{outcome::unavailable});
        auto owners = std::make_shared<std::vector<account_id>>();
        for (const auto& each : *found) // in order of the owners
          if (owners->empty() || owners->back() != each.owner) owners->push_back(each.owner);
        forget_in(owners, grantee, answer);
      });
}

void accounts_state::forget_in(std::shared_ptr<std::vector<account_id>> owners, account_id grantee,
                               open_answer<outcome_answer> answer) {
  if (owners->empty()) return answer.deliver(outcome_answer{outcome::done});
  const auto next = owners->back();
  owners->pop_back();
  reach(next, 0, [this, owners, grantee, answer](const account_actor& owner) {
    self->request(owner, caf::infinite, revoke_grants{grantee})
        .then(
            [this, owners, grantee, answer](outcome_answer result) {
              if (result.outcome != outcome::done) return answer.deliver(result);
              forget_in(owners, grantee, answer);
            },
            [answer](caf::error& failed) { answer.deliver(std::move(failed)); });
  });
}

void accounts_state::erase(account_id id, open_answer<outcome_answer> answer) {
  auto& each = alive[id];
  if (each.ending) {
    each.waiting.emplace_back([this, id, answer] { erase(id, answer); });
    return;
  }
  each.ending = true;
  if (each.actor) self->send_exit(each.actor, caf::exit_reason::user_shutdown);
  auto finish = [this, id, answer](outcome how) mutable {
    if (how != outcome::done) log::error("account {}: not erased", id.value);
    answer.deliver(outcome_answer{how});
    ended(id);
  };
  revoke(id, [this, id, finish](bool certain) mutable {
    if (!certain) return finish(outcome::unavailable);
    using folders = std::vector<storage::folder_record>;
    read_cold<folders>(
        self, with.readers,
        [store = with.store, id](storage::reach reach) { return storage::read_folders(*store, id, reach); },
        [this, id, finish](storage::result<folders> found) mutable {
          if (!found) return finish(outcome::unavailable);
          erase_folders(id, *found, finish);
        });
  });
}

/// The folders' records go; the eraser takes the contents in steps.
void accounts_state::erase_folders(account_id id, const std::vector<storage::folder_record>& folders,
                                   std::function<void(outcome)> then) {
  auto batch = std::make_shared<storage::batch>(*with.store);
  for (const auto& each : folders) storage::delete_folder(*batch, id, each);
  storage::delete_subscriptions(*batch, id);
  storage::delete_annotations(*batch, {storage::annotated::account, id.value});
  storage::put_erased(*batch, id);
  storage::forget_recoverable(*batch, id);
  self->request(with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
      .then(
          [this, id, folders, then](committer::committed) {
            for (const auto& each : folders) self->send(with.eraser, erase_contents{each.id});
            self->send(with.eraser, erase_recoverable{id});
            then(outcome::done);
          },
          [then](caf::error&) { then(outcome::unavailable); });
}

accounts_self::behavior_type accounts(accounts_self::stateful_pointer<accounts_state> self, services with,
                                      accounts_limits limits) {
  auto& state = self->state;
  state.self = self;
  outlive_stray_errors(self);
  state.with = std::move(with);
  state.limits = limits;
  self->set_down_handler([self](const caf::down_msg& gone) {
    auto& all = self->state.alive;
    for (auto i = all.begin(); i != all.end(); ++i)
      if (i->second.actor && !i->second.ending && i->second.actor.address() == gone.source) {
        if (gone.reason) log::error("account {} ended: {}", i->first.value, caf::to_string(gone.reason));
        self->state.retire(i->first);
        return;
      }
  });
  self->set_exit_handler([self](const caf::exit_msg& asked) {
    for (const auto& [id, each] : self->state.alive)
      if (each.actor) self->send_exit(each.actor, caf::exit_reason::user_shutdown);
    self->quit(asked.reason);
  });
  self->delayed_send(self, tick_interval, atom::tick::value);
  return {
      [self](const open_account& what) -> caf::result<account_opened> {
        auto pending = self->make_response_promise<account_opened>();
        open_answer<account_opened> answer(pending);
        self->state.reach(
            what.account, what.quota_bytes,
            [self, what, answer](const account_actor& actor) mutable {
              self->send(actor, set_quota{what.quota_bytes});
              // Attached before the handle is out of our hands: a request to end that comes
              // later finds a session.
              if (what.session) self->send(actor, attach_session{what.session});
              answer.deliver(account_opened{actor});
            },
            what.is_public);
        return pending;
      },
      [self](const forget_grantee& what) -> caf::result<outcome_answer> {
        auto pending = self->make_response_promise<outcome_answer>();
        self->state.forget(what, open_answer<outcome_answer>(pending));
        return pending;
      },
      [self](const deliver_message& what) -> caf::result<inserted> {
        auto pending = self->make_response_promise<inserted>();
        self->state.deliver(what, open_answer<inserted>(pending));
        return pending;
      },
      [self](const erase_account& what) -> caf::result<outcome_answer> {
        auto pending = self->make_response_promise<outcome_answer>();
        self->state.erase(what.account, open_answer<outcome_answer>(pending));
        return pending;
      },
      [self](const recoverable_purged& what) {
        // Who is not alive adds up anew when he starts.
        for (const auto account : what.accounts)
          if (const auto at = self->state.alive.find(account);
              at != self->state.alive.end() && at->second.actor)
            self->send(at->second.actor, recoverable_changed{});
      },
      [self](atom::tick) { self->state.tick(); },
  };
}

} // namespace stagepost::mailbox
