#include "actors/mailbox/eraser.hpp"

#include "actors/error.hpp"
#include "actors/log/log.hpp"
#include "actors/mailbox/cold_read.hpp"
#include "storage/mailboxes.hpp"
#include "storage/recoverable.hpp"

#include <type_traits>

namespace stagepost::mailbox {

namespace {

/// Messages that go with one batch: a folder of a million must not hold up the committer.
constexpr size_t messages_per_step = 500;
/// Groups of recoverable messages, of 64 at most.
constexpr size_t erased_groups_per_step = 8;
constexpr size_t most_listed = 1000;
constexpr auto eraser_look_interval = std::chrono::minutes(1);

} // namespace

void eraser_state::add(mailbox_id folder) {
  if (doomed.size() < most_listed) doomed.push_back(folder);
  step();
}

void eraser_state::add(account_id account) {
  if (forgotten.size() < most_listed) forgotten.push_back(account);
  step();
}

void eraser_state::step() {
  if (busy || (doomed.empty() && forgotten.empty())) return;
  busy = true;
  // What was handed in for the folder before it went is written first, so that nothing comes behind its end.
  self->request(committer, caf::infinite, committer::revoke_lease{})
      .then([this](committer::lease_revoked) { take_some(); },
            [this](caf::error& failed) {
              if (!doomed.empty())
                give_up(doomed, describe(failed));
              else
                give_up(forgotten, describe(failed));
            });
}

void eraser_state::take_some() {
  // Folders before accounts: of one that was being emptied when its account was erased some may be kept.
  if (!doomed.empty())
    take(doomed, [store = store, folder = doomed.front()](storage::batch& batch) {
      return storage::delete_contents(batch, *store, folder, messages_per_step);
    });
  else
    take(forgotten, [store = store, account = forgotten.front()](storage::batch& batch) {
      return storage::delete_forgotten(batch, *store, account, erased_groups_per_step);
    });
}

template <class Id>
void eraser_state::take(std::deque<Id>& list, std::function<storage::result<bool>(storage::batch&)> some) {
  const auto batch = std::make_shared<storage::batch>(*store);
  read_cold<bool>(
      self, readers, [batch, some](storage::reach) { return some(*batch); },
      [this, batch, &list](storage::result<bool> last) {
        if (!last) return give_up(list, last.error().detail);
        self->request(committer, caf::infinite, committer::commit_batch{batch, nullptr})
            .then(
                [this, &list, done = *last](committer::committed) {
                  busy = false;
                  if (done) list.pop_front();
                  step();
                },
                [this, &list](caf::error& failed) { give_up(list, describe(failed)); });
      });
}

template <class Id>
void eraser_state::give_up(std::deque<Id>& list, const std::string& why) {
  constexpr bool is_folder = std::is_same_v<Id, mailbox_id>;
  log::error("{} {}: contents not removed yet: {}", is_folder ? "mailbox" : "account", list.front().value,
             why);
  busy = false;
  list.pop_front(); // the next look finds it again
}

void eraser_state::look() {
  self->delayed_send(self, eraser_look_interval, atom::tick::value);
  if (busy || !doomed.empty() || !forgotten.empty()) return step();
  busy = true;
  struct noted {
    std::vector<mailbox_id> folders;
    std::vector<account_id> accounts;
  };
  read_cold<noted>(
      self, readers,
      [store = store](storage::reach reach) -> storage::result<noted> {
        auto folders = storage::read_doomed(*store, most_listed, reach);
        if (!folders) return folders.error();
        auto accounts = storage::read_forgotten(*store, most_listed, reach);
        if (!accounts) return accounts.error();
        return noted{std::move(*folders), std::move(*accounts)};
      },
      [this](storage::result<noted> left) {
        busy = false;
        if (left && doomed.empty()) doomed.assign(left->folders.begin(), left->folders.end());
        if (left && forgotten.empty()) forgotten.assign(left->accounts.begin(), left->accounts.end());
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
      [self](const erase_recoverable& what) { self->state.add(what.account); },
      [self](atom::tick) { self->state.look(); },
  };
}

} // namespace stagepost::mailbox
