#include "actors/mailbox/accounts.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/mailbox/account.hpp"
#include "actors/open_answer.hpp"
#include "storage/mailboxes.hpp"

#include <algorithm>
#include <vector>

namespace stagepost::mailbox {

namespace {

constexpr auto tick_interval = std::chrono::seconds(15);
/// Accounts asked to end in one tick: bounds the burst.
constexpr size_t ends_per_tick = 512;

} // namespace

void accounts_state::reach(account_id id, uint64_t quota_bytes, std::function<void(const account_actor&)> use) {
  auto& each = alive[id];
  each.used_at = std::chrono::steady_clock::now();
  if (each.ending) {
    each.waiting.push_back(std::move(use));
    return;
  }
  if (!each.actor) start(id, quota_bytes, each);
  use(each.actor);
}

void accounts_state::start(account_id id, uint64_t quota_bytes, entry& into) {
  into.actor = self->spawn<caf::monitored>(account, with, id, quota_bytes);
}

void accounts_state::ask_to_end(account_id id) {
  auto& each = alive.at(id);
  each.ending = true;
  const auto finish = [this, id](bool ended) {
    const auto at = alive.find(id);
    if (at == alive.end()) return;
    auto& entry = at->second;
    entry.ending = false;
    auto waiting = std::move(entry.waiting);
    entry.waiting.clear();
    if (ended && waiting.empty()) {
      alive.erase(at);
      return;
    }
    if (ended) start(id, 0, entry);
    entry.used_at = std::chrono::steady_clock::now();
    const auto actor = entry.actor;
    for (const auto& use : waiting) use(actor);
  };
  self->request(each.actor, caf::infinite, atom::drain::value)
      .then([finish](bool ended) { finish(ended); }, [finish](caf::error&) { finish(true); });
}

void accounts_state::tick() {
  const auto now = std::chrono::steady_clock::now();
  std::vector<std::pair<std::chrono::steady_clock::time_point, account_id>> candidates;
  for (const auto& [id, each] : alive)
    if (!each.ending) candidates.emplace_back(each.used_at, id);
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
        all.erase(i);
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
        self->state.reach(what.account, what.quota_bytes, [self, what, answer](const account_actor& actor) mutable {
          self->send(actor, set_quota{what.quota_bytes});
          // Attached before the handle is out of our hands: a request to end that comes later finds a session.
          if (what.session) self->send(actor, attach_session{what.session});
          answer.deliver(account_opened{actor});
        });
        return pending;
      },
      [self](const deliver_message& what) -> caf::result<inserted> {
        auto pending = self->make_response_promise<inserted>();
        open_answer<inserted> answer(pending);
        self->state.reach(what.account, what.quota_bytes, [self, what, answer](const account_actor& actor) mutable {
          self->send(actor, set_quota{what.quota_bytes});
          self->request(actor, caf::infinite, what.content)
              .then([answer](inserted& result) mutable { answer.deliver(std::move(result)); },
                    [answer](caf::error& failed) mutable { answer.deliver(std::move(failed)); });
        });
        return pending;
      },
      [self](const erase_account& what) -> caf::result<outcome_answer> {
        auto pending = self->make_response_promise<outcome_answer>();
        open_answer<outcome_answer> answer(pending);
        self->state.reach(what.account, 0, [self, what, answer](const account_actor& actor) mutable {
          // The account ends and its folders' records go; the eraser takes the contents in steps.
          self->send_exit(actor, caf::exit_reason::user_shutdown);
          self->state.alive.erase(what.account);
          auto batch = std::make_shared<storage::batch>(*self->state.with.store);
          auto folders = storage::read_folders(*self->state.with.store, what.account, storage::reach::disk);
          if (!folders) return (void)answer.deliver(outcome_answer{outcome::unavailable});
          for (const auto& each : *folders) storage::delete_folder(*batch, what.account, each.id);
          self->request(self->state.with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
              .then(
                  [self, answer, gone = *folders](committer::committed) mutable {
                    for (const auto& each : gone) self->send(self->state.with.eraser, erase_contents{each.id});
                    answer.deliver(outcome_answer{outcome::done});
                  },
                  [answer](caf::error&) mutable { answer.deliver(outcome_answer{outcome::unavailable}); });
        });
        return pending;
      },
      [self](atom::tick) { self->state.tick(); },
  };
}

} // namespace stagepost::mailbox
