#include "actors/mailbox/purger.hpp"

#include "actors/error.hpp"
#include "actors/free_space.hpp"
#include "actors/log/log.hpp"
#include "actors/mailbox/cold_read.hpp"
#include "actors/retention.hpp"
#include "actors/wall_clock.hpp"

namespace stagepost::mailbox {

namespace {

/// Groups of 64 messages at most that go with one batch, and the pause between two: mail goes first.
constexpr size_t purged_groups_per_step = 8;
constexpr std::chrono::milliseconds step_pause{100};
constexpr std::chrono::milliseconds purger_look_interval = std::chrono::minutes(1);

/// What one look found, and how the age was counted.
struct look {
  storage::trace_age age;
  storage::recoverable_purge purge;
};

storage::result<storage::trace_age> known_age(const storage::store& in,
                                              const caf::optional<storage::trace_age>& age, instant start) {
  if (age) return *age;
  auto stored = storage::read_recoverable_age(in, storage::reach::disk);
  if (!stored && stored.error().code == storage::errc::not_found) return storage::trace_age{start, {}};
  return stored;
}

/// Below the reserve no mail is accepted: what was thrown away gives its room first.
bool needs_room(const storage::store& in, uint64_t reserve) {
  const auto free = free_space(in.folder());
  return free && *free <= reserve;
}

} // namespace

void purger_state::again(std::chrono::milliseconds wait) {
  self->delayed_send(self, wait, atom::tick::value);
}

void purger_state::tick() {
  const auto steady = std::chrono::steady_clock::now();
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(steady - looked_at);
  const auto now = wall_clock();
  const auto settings = with.settings->get();
  const std::chrono::milliseconds kept = settings->store.undelete_retention;
  const auto reserve = settings->store.disk_reserve.bytes;
  const auto batch = std::make_shared<storage::batch>(*with.store);
  read_cold<look>(
      self, with.readers,
      [store = with.store, batch, age = age, passed, now, kept,
       reserve](storage::reach) -> storage::result<look> {
        auto counted = known_age(*store, age, now - passed);
        if (!counted) return counted.error();
        auto end = end_of_retention(*counted, now, passed, kept);
        // Nothing is kept any more, or there is no room for it: then the oldest go, step by step.
        if (kept.count() == 0 || needs_room(*store, reserve)) end = instant::max();
        auto purge = storage::purge_recoverable(*batch, *store, end, purged_groups_per_step);
        if (!purge) return purge.error();
        storage::put_recoverable_age(*batch, *counted);
        return look{std::move(*counted), std::move(*purge)};
      },
      [this, batch, steady](storage::result<look> found) {
        if (!found) {
          log::error("expunged messages not removed yet: {}", found.error().detail);
          return again(purger_look_interval);
        }
        age = found->age;
        looked_at = steady;
        self->request(with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
            .then(
                [this, purge = found->purge](committer::committed) {
                  if (!purge.accounts.empty()) self->send(accounts, recoverable_purged{purge.accounts});
                  again(purge.groups == 0 ? purger_look_interval : step_pause);
                },
                [this](caf::error& failed) {
                  log::error("expunged messages not removed yet: {}", describe(failed));
                  again(purger_look_interval);
                });
      });
}

purger_actor::behavior_type purger(purger_actor::stateful_pointer<purger_state> self, services with,
                                   accounts_actor accounts) {
  outlive_stray_errors(self);
  self->state.self = self;
  self->state.with = std::move(with);
  self->state.accounts = std::move(accounts);
  self->state.looked_at = std::chrono::steady_clock::now();
  self->state.again(purger_look_interval);
  return {[self](atom::tick) { self->state.tick(); }};
}

} // namespace stagepost::mailbox
