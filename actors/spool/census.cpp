#include "actors/spool/census.hpp"

#include "actors/error.hpp"
#include "storage/spool_table.hpp"

#include <utility>

namespace stagepost::spool {

namespace {

/// Messages counted in one go: others that read have their turn then.
constexpr size_t step = 50000;
/// Counting takes at most one part in so many of a reader's time.
constexpr int rest_per_work = 20;

} // namespace

caf::result<spool_counted> census_state::answer() {
  const auto now = std::chrono::steady_clock::now();
  if (now < good_until) return spool_counted{true, last};
  auto promise = self->make_response_promise<spool_counted>();
  waiting.emplace_back(promise);
  if (waiting.size() == 1) {
    began_at = now;
    count(0, queue_id{}, 0);
  }
  return promise;
}

void census_state::count(size_t shard, queue_id from, uint64_t before) {
  if (shard == shards.size()) return finish({true, before});
  const auto found = std::make_shared<storage::result<storage::spool_count>>(storage::errc::io_error);
  auto work = offload::make_work([found, store = shards[shard], from] {
    *found = storage::count_spool(*store, from, step, storage::reach::disk);
  });
  self->request(readers, caf::infinite, offload::run_work{work})
      .then(
          [this, found, shard, before](offload::work_done) {
            if (!*found) return finish({});
            const auto all = before + (*found)->messages;
            (*found)->next ? count(shard, (*found)->next, all) : count(shard + 1, queue_id{}, all);
          },
          [this](caf::error&) { finish({}); }); // the pool is full
}

void census_state::finish(const spool_counted& found) {
  const auto now = std::chrono::steady_clock::now();
  if (found.done) {
    last = found.messages;
    good_until = now + rest_per_work * (now - began_at);
  }
  for (const auto& each : std::exchange(waiting, {})) each.deliver(spool_counted(found));
}

census_actor::behavior_type census(census_actor::stateful_pointer<census_state> self,
                                   std::vector<std::shared_ptr<storage::store>> shards,
                                   offload::pool_actor readers) {
  outlive_stray_errors(self);
  auto& state = self->state;
  state.self = self;
  state.shards = std::move(shards);
  state.readers = std::move(readers);
  return {
      [self](count_spool) { return self->state.answer(); },
  };
}

} // namespace stagepost::spool
