#include "actors/spool/queue.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"

// Messages that the command-line program looks at before anybody is tried (SPOOL-10). Only their numbers are
// in memory; when the checker has answered they are read from disk, as it left them.

namespace stagepost::spool {

void queue_state::check(queue_id id) {
  if (!checking.insert(id).second) return;
  check_message order{with.store->shard(), id};
  self->request(checker, caf::infinite, order)
      .then([this, id](message_checked) { checked(id, true); },
            [this, id](caf::error& failed) {
              if (failed != caf::sec::request_receiver_down) // we stop
                log::warn("queue {}: the command-line program was not run: {}", id.value, describe(failed));
              checked(id, false);
            });
}

void queue_state::checked(queue_id id, bool done) {
  checking.erase(id);
  reads.changed(id);
  if (done)
    load(id, false);
  else
    retries.set(id, wall_clock() + short_wait);
  work();
}

} // namespace stagepost::spool
