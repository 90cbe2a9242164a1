#include "actors/delivery/responder.hpp"
#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/wall_clock.hpp"
#include "storage/answered_table.hpp"

// The rows of all accounts: those that say nothing any more are forgotten, and replies that wait are found.

namespace stagepost::delivery {

namespace {

/// Rows are looked through in parts, mail goes first.
constexpr size_t rows_per_step = 2000;
constexpr auto step_pause = std::chrono::milliseconds(200);
constexpr std::chrono::milliseconds look_interval = std::chrono::hours(1);

/// What is older than a day says nothing any more. Twice that, since the clock may go back.
instant oldest_kept() { return wall_clock() - 2 * report::repeat_after; }

} // namespace

void responder_state::tick() {
  if (looking >= with.shards.size()) {
    looking = 0;
    self->delayed_send(self, look_interval, atom::tick::value);
    return;
  }
  const auto page = std::make_shared<storage::result<storage::answered_page>>(storage::errc::io_error);
  in_pool(
      looking,
      [page, store = with.shards[looking].store, from = looked_until, before = oldest_kept()] {
        *page = storage::read_old_answers(*store, from, before, rows_per_step, storage::reach::disk);
      },
      [this, page](bool ran) {
        if (!ran || !*page) {
          if (ran) log::error("automatic replies: {}", page->error().detail);
          return looked({}); // the next look begins anew
        }
        for (auto& each : (*page)->waiting) prove({looking, std::move(each)});
        forget(std::move((*page)->old), [this, page] { looked((*page)->next); });
      });
}

/// What was read may have been written anew since: nobody is answered between the second look and the end.
void responder_state::forget(std::vector<storage::answered_key> old, std::function<void()> then) {
  std::erase_if(old, [this](const storage::answered_key& each) { return !busy.try_emplace(each).second; });
  if (old.empty()) return then();
  const auto& shard = with.shards[looking];
  const auto batch = std::make_shared<storage::batch>(*shard.store);
  const auto end = [this, old, then] {
    for (const auto& each : old) next(each);
    then();
  };
  in_pool(
      looking,
      [batch, old, store = shard.store, before = oldest_kept()] {
        for (const auto& each : old) {
          const auto row = storage::read_answered(*store, each, storage::reach::disk);
          const bool is_damaged = !row && row.error().code == storage::errc::damaged;
          if (is_damaged || (row && *row && (*row)->waiting.empty() && (*row)->at < before))
            storage::delete_answered(*batch, each);
        }
      },
      [this, batch, end](bool) {
        if (batch->empty()) return end();
        self->request(with.shards[looking].committer, caf::infinite, committer::commit_batch{batch, nullptr})
            .then([end](committer::committed) { end(); },
                  [end](caf::error& failed) {
                    log::error("automatic replies not forgotten: {}", describe(failed));
                    end();
                  });
      });
}

void responder_state::looked(const storage::answered_key& next) {
  looked_until = next;
  if (!next.account) ++looking;
  self->delayed_send(self, step_pause, atom::tick::value);
}

} // namespace stagepost::delivery
