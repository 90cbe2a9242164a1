#include "actors/spool/trace_keeper.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/retention.hpp"
#include "actors/wall_clock.hpp"

namespace stagepost::spool {

namespace {

/// Traces that go with one batch, and the pause between two: mail goes first.
constexpr size_t traces_per_step = 500;
constexpr std::chrono::milliseconds step_pause{200};
constexpr std::chrono::milliseconds look_interval = std::chrono::minutes(10);

} // namespace

void trace_keeper_state::again(std::chrono::milliseconds wait) {
  self->delayed_send(self, wait, atom::tick::value);
}

void trace_keeper_state::tick() {
  struct look {
    caf::optional<storage::trace_age> age;
    instant now;
    std::chrono::milliseconds passed;
    std::chrono::milliseconds retention;
    storage::result<size_t> taken{storage::errc::io_error};
  };
  const auto steady = std::chrono::steady_clock::now();
  const auto one = std::make_shared<look>();
  one->age = age;
  one->now = wall_clock();
  one->passed = std::chrono::duration_cast<std::chrono::milliseconds>(steady - looked_at);
  one->retention = settings->get()->store.trace_retention;
  const auto batch = std::make_shared<storage::batch>(*with.store);
  auto work = offload::make_work([store = with.store, batch, one] {
    if (!one->age) {
      const auto stored = storage::read_trace_age(*store, storage::reach::disk);
      if (!stored && stored.error().code != storage::errc::not_found) {
        one->taken = stored.error();
        return;
      }
      one->age = stored ? *stored : storage::trace_age{one->now - one->passed, {}};
    }
    const auto end = end_of_retention(*one->age, one->now, one->passed, one->retention);
    one->taken = storage::delete_traces(*batch, *store, end, traces_per_step);
    storage::put_trace_age(*batch, *one->age);
  });
  self->request(with.readers, caf::infinite, offload::run_work{work})
      .then(
          [this, batch, one, steady](offload::work_done) {
            if (!one->taken) {
              log::error("traces: {}", one->taken.error().detail);
              return again(look_interval);
            }
            age = one->age;
            looked_at = steady;
            self->request(with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
                .then([this,
                       one](committer::committed) { again(*one->taken == 0 ? look_interval : step_pause); },
                      [this](caf::error& failed) {
                        log::error("traces not removed: {}", describe(failed));
                        again(look_interval);
                      });
          },
          [this](caf::error&) { again(look_interval); });
}

trace_keeper_actor::behavior_type trace_keeper(trace_keeper_actor::stateful_pointer<trace_keeper_state> self,
                                               mailbox::services with, live_settings_ptr settings) {
  outlive_stray_errors(self);
  self->state.self = self;
  self->state.with = std::move(with);
  self->state.settings = std::move(settings);
  self->state.looked_at = std::chrono::steady_clock::now();
  self->state.again(look_interval);
  return {[self](atom::tick) { self->state.tick(); }};
}

} // namespace stagepost::spool
