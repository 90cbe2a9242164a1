#include "actors/mailbox/eraser.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/mailbox/cold_read.hpp"
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
  // What was handed in for the folder before it went is written first, so that nothing comes behind its end.
  self->request(committer, caf::infinite, committer::revoke_lease{})
      .then([this](committer::lease_revoked) { take_some(); },
            [this](caf::error& failed) { give_up(describe(failed)); });
}

void eraser_state::take_some() {
  const auto batch = std::make_shared<storage::batch>(*store);
  read_cold<bool>(
      self, readers,
      [store = store, batch, folder = doomed.front()](storage::reach) {
        return storage::delete_contents(*batch, *store, folder, messages_per_step);
      },
      [this, batch](storage::result<bool> last) {
        if (!last) return give_up(last.error().detail);
        self->request(committer, caf::infinite, committer::commit_batch{batch, nullptr})
            .then(
                [this, done = *last](committer::committed) {
                  busy = false;
                  if (done) doomed.pop_front();
                  step();
                },
                [this](caf::error& failed) { give_up(describe(failed)); });
      });
}

void eraser_state::give_up(const std::string& why) {
  log::error("mailbox {}: contents not removed yet: {}", doomed.front().value, why);
  busy = false;
  doomed.pop_front(); // the next look finds it again
}

void eraser_state::look() {
  self->delayed_send(self, look_interval, atom::tick::value);
  if (busy || !doomed.empty()) return step();
  busy = true;
  using folders = std::vector<mailbox_id>;
  read_cold<folders>(
      self, readers,
      [store = store](storage::reach reach) { return storage::read_doomed(*store, most_listed, reach); },
      [this](storage::result<folders> left) {
        busy = false;
        if (left && doomed.empty()) doomed.assign(left->begin(), left->end());
        step();
      });
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
