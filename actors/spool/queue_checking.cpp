#include "actors/spool/queue.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/spool/message_check.hpp"
#include "actors/spool/spool_reader.hpp"
#include "actors/wall_clock.hpp"

#include <algorithm>

// Messages that the command-line program looks at before anybody is tried (SPOOL-10). Only their numbers are
// in memory, and not of all when the program is slower than mail comes in; when the checker has answered they
// are read from disk, as it left them.

namespace stagepost::spool {

namespace {

/// Messages the checker is told of; what is beyond stays on disk until there is room.
constexpr size_t checks_limit = 10000;
/// So many that it could not look at, and it is told of no others: whatever is wrong is wrong with those,
/// too.
constexpr size_t failures_limit = 1000;

} // namespace

bool queue_state::may_check_more(size_t room) const {
  return checking.size() + room <= checks_limit && not_checked.size() < failures_limit;
}

void queue_state::check(queue_id id) {
  if (checking.count(id) != 0) return;
  // In order: what comes after something left on disk is left there too.
  if (not_checked.count(id) == 0 && ((unchecked_from && id >= unchecked_from) || !may_check_more(1))) {
    unchecked_left = unchecked_left ? std::min(unchecked_left, id) : id;
    unchecked_from = unchecked_from ? std::min(unchecked_from, id) : id;
    return;
  }
  checking.insert(id);
  check_message order{with.store->shard(), id};
  self->request(checker, caf::infinite, order)
      .then([this, id](message_checked) { checked(id); },
            [this, id](caf::error& failed) { not_checked_now(id, failed); });
}

void queue_state::checked(queue_id id) {
  checking.erase(id);
  not_checked.erase(id);
  reads.changed(id);
  load(id, false);
  work();
}

void queue_state::not_checked_now(queue_id id, const caf::error& failed) {
  if (failed != caf::sec::request_receiver_down) // we stop
    log::warn("queue {}: the command-line program was not run: {}", id.value, describe(failed));
  checking.erase(id);
  reads.changed(id);
  // One that is damaged keeps nobody else waiting.
  if (storage_code(failed) == storage::errc::io_error)
    not_checked.insert(id);
  else
    not_checked.erase(id);
  retries.set(id, wall_clock() + short_wait);
  work();
}

void queue_state::read_unchecked() {
  if (!unchecked_from || reading_unchecked || !may_check_more(read_step)) return;
  reading_unchecked = true;
  unchecked_left = queue_id{};
  const auto stamp = reads.begin();
  const auto page = std::make_shared<read_page>();
  auto job = offload::make_work([page, store = with.store, from = unchecked_from] {
    *page = read_spool_here(*store, from, read_step);
  });
  self->request(with.readers, caf::infinite, offload::run_work{job})
      .then(
          [this, page, stamp](offload::work_done) {
            reading_unchecked = false;
            if (page->good) {
              unchecked_from = page->next;
              for (auto& each : page->messages)
                if (waits_for_program(each)) take(std::move(each), stamp);
              if (unchecked_left && (!unchecked_from || unchecked_left < unchecked_from))
                unchecked_from = unchecked_left;
            }
            reads.end(stamp);
            if (page->good) work(); // else the next tick tries again
          },
          [this, stamp](caf::error&) {
            reading_unchecked = false;
            reads.end(stamp);
          });
}

} // namespace stagepost::spool
