#include "actors/spool/trace_keeper.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "storage/trace_table.hpp"

namespace stagepost::spool {

namespace {

/// Traces that go with one batch, and the pause between two: mail goes first.
constexpr size_t traces_per_step = 500;
constexpr auto step_pause = std::chrono::milliseconds(200);
constexpr auto look_interval = std::chrono::minutes(10);

} // namespace

void trace_keeper_state::again(std::chrono::milliseconds wait) { self->delayed_send(self, wait, atom::tick::value); }

void trace_keeper_state::tick() {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto before = now - settings->get()->store.trace_retention;
  const auto batch = std::make_shared<storage::batch>(*with.store);
  const auto taken = std::make_shared<storage::result<size_t>>(storage::errc::io_error);
  auto work = offload::make_work([store = with.store, batch, before, taken] {
    *taken = storage::delete_traces(*batch, *store, before, traces_per_step);
  });
  self->request(with.readers, caf::infinite, offload::run_work{work})
      .then(
          [this, batch, taken](offload::work_done) {
            if (!*taken) {
              log::error("traces: {}", taken->error().detail);
              return again(look_interval);
            }
            if (**taken == 0) return again(look_interval);
            self->request(with.committer, caf::infinite, committer::commit_batch{batch, nullptr})
                .then([this](committer::committed) { again(step_pause); },
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
  self->state.again(look_interval);
  return {[self](atom::tick) { self->state.tick(); }};
}

} // namespace stagepost::spool
