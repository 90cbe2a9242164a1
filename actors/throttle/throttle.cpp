#include "actors/throttle/throttle.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"
#include "storage/hourly_table.hpp"

namespace stagepost::throttle {

void throttle_state::tell() {
  for (const auto& each : counts.take_news()) log::warn("{}", each);
}

ledger read_ledger(const std::vector<std::shared_ptr<storage::store>>& shards) {
  ledger made(shards.size());
  for (size_t i = 0; i < shards.size(); ++i) {
    const auto rows = storage::read_hourly(*shards[i], storage::reach::disk);
    if (rows)
      made.load(i, *rows, wall_clock());
    else
      log::error("store {}: what was sent in this hour cannot be read, and is not counted: {}",
                 shards[i]->folder(), rows.error().detail);
  }
  return made;
}

throttle_actor::behavior_type throttle(throttle_actor::stateful_pointer<throttle_state> self, ledger known) {
  outlive_stray_errors(self);
  self->state.counts = std::move(known);
  return {
      [self](const may_pass& what) {
        const auto found = self->state.counts.check(what.what, wall_clock());
        self->state.tell();
        return found;
      },
      [self](const book_message& what) {
        auto made = self->state.counts.book(what.what, what.shard, wall_clock());
        self->state.tell();
        return made;
      },
      [self](const unbook_message& what) { self->state.counts.unbook(what.entries, what.shard); },
  };
}

} // namespace stagepost::throttle
