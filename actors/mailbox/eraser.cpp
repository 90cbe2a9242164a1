#include "actors/mailbox/eraser.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "storage/mailboxes.hpp"

namespace stagepost::mailbox {

namespace {

/// Messages that go with one batch: a folder of a million must not hold up the committer.
constexpr size_t messages_per_step = 500;
constexpr size_t most_listed = 1000;
constexpr auto look_interval = std::chrono::minutes(1);

} // namespace

void eraser_state::add(mailbox_id folder) {
  if (doomed.size() < most_listed) doomed.push_back(folder);
  step();
}

void eraser_state::step() {
  if (busy || doomed.empty()) return;
  busy = true;
  const auto folder = doomed.front();
  const auto batch = std::make_shared<storage::batch>(*store);
  const auto last = std::make_shared<storage::result<bool>>(storage::errc::io_error);
  auto work = offload::make_work([store = store, batch, folder, last] {
    *last = storage::delete_contents(*batch, *store, folder, messages_per_step);
  });
  const auto give_up = [this, folder](const std::string& why) {
    log::error("mailbox {}: contents not removed yet: {}", folder.value, why);
    busy = false;
    doomed.pop_front(); // the next look finds it again
  };
  self->request(readers, caf::infinite, offload::run_work{work})
      .then(
          [this, batch, last, give_up](offload::work_done) {
            if (!*last) return give_up(last->error().detail);
            self->request(committer, caf::infinite, committer::commit_batch{batch, nullptr})
                .then(
                    [this, done = **last](committer::committed) {
                      busy = false;
                      if (done) doomed.pop_front();
                      step();
                    },
                    [give_up](caf::error& failed) { give_up(describe(failed)); });
          },
          [give_up](caf::error& failed) { give_up(describe(failed)); });
}

void eraser_state::look() {
  if (!busy && doomed.empty())
    if (const auto left = storage::read_doomed(*store, most_listed, storage::reach::disk))
      doomed.assign(left->begin(), left->end());
  step();
  self->delayed_send(self, look_interval, atom::tick::value);
}

eraser_self::behavior_type eraser(eraser_self::stateful_pointer<eraser_state> self,
                                  std::shared_ptr<storage::store> store, committer::committer_actor committer,
                                  offload::pool_actor readers) {
  auto& state = self->state;
  state.self = self;
  outlive_stray_errors(self);
  state.store = std::move(store);
  state.committer = std::move(committer);
  state.readers = std::move(readers);
  state.look();
  return {
      [self](const erase_contents& what) { self->state.add(what.folder); },
      [self](atom::tick) { self->state.look(); },
  };
}

} // namespace stagepost::mailbox
