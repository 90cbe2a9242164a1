#include "actors/committer/committer.hpp"

#include "actors/error.hpp"
#include "actors/free_space.hpp"
#include "actors/log/log.hpp"

namespace stagepost::committer {

namespace {

/// Bodies looked at in one round of collecting: bounds how long a batch waits behind it.
constexpr size_t collect_limit = 64;
constexpr auto tick_interval = std::chrono::seconds(1);
constexpr uint32_t ticks_between_warnings = 60;
constexpr uint32_t ticks_until_a_new_start = 30;
constexpr uint64_t room_for_a_start = 64u << 20;

} // namespace

caf::result<committed> committer_state::add(const commit_batch& what) {
  if (what.lease && what.lease->revoked)
    return to_error({storage::errc::io_error, "whoever follows has taken over"});
  auto answer = self->make_response_promise<committed>();
  orders.push_back({what, answer});
  waiting_bytes += what.changes->size_bytes();
  if (orders.size() >= limits.batches || waiting_bytes >= limits.bytes) {
    flush();
  } else if (!flush_sent) {
    flush_sent = true;
    self->send(self, atom::flush::value); // behind all that is in the mailbox now
  }
  return answer;
}

lease_revoked committer_state::revoke(const revoke_lease& what) {
  flush();
  if (what.lease) what.lease->revoked = true;
  return {};
}

void committer_state::flush() {
  flush_sent = false;
  for (size_t first = 0; first < orders.size();) first = commit_from(first);
  orders.clear();
  waiting_bytes = 0;
}

/// Commits orders from `first` on with one sync and answers them; answers where the next group begins. A
/// group ends behind a batch that may fail alone, so that what is chained to it is not written with it.
size_t committer_state::commit_from(size_t first) {
  std::vector<storage::batch*> group;
  std::vector<order*> members;
  size_t next = first;
  while (next < orders.size()) {
    auto& each = orders[next++];
    if (each.what.chain && each.what.chain->broken) {
      each.answer.deliver(to_error({storage::errc::io_error, "built on a change that failed"}));
      continue;
    }
    group.push_back(each.what.changes.get());
    members.push_back(&each);
    if (each.what.chain && each.what.changes->has_requirements()) break;
  }
  if (group.empty()) return next;
  const auto results = store->commit(group);
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i]) {
      members[i]->answer.deliver(committed{});
      continue;
    }
    if (members[i]->what.chain) members[i]->what.chain->broken = true;
    members[i]->answer.deliver(to_error(results[i].error()));
  }
  return next;
}

/// What RocksDB will not write again although there is room it writes when it is opened anew: the process
/// ends, to be started again (see supervisor). Nothing that was answered is lost by that.
void committer_state::resume() {
  const auto resumed = store->resume();
  if (resumed) {
    log::warn("store {}: writing again", store->folder());
    failed_ticks = failed_ticks_with_room = 0;
    return;
  }
  if (failed_ticks++ % ticks_between_warnings == 0)
    log::error("store {}: cannot be written: {}", store->folder(), resumed.error().detail);
  if (free_space(store->folder()).value_or(0) < room_for_a_start) {
    failed_ticks_with_room = 0;
  } else if (++failed_ticks_with_room >= ticks_until_a_new_start) {
    log::error("store {}: cannot be written although there is room: {}", store->folder(),
               resumed.error().detail);
    self->quit(caf::sec::runtime_error);
  }
}

void committer_state::tick() {
  if (store->failed()) {
    resume();
  } else if (const auto looked = store->collect(collect_limit); looked && *looked >= collect_limit) {
    // More marks wait: go on as soon as the batches in the mailbox had their turn.
    self->send(self, atom::tick::value);
    return;
  } else if (!looked) {
    log::error("store {}: collecting bodies failed: {}", store->folder(), looked.error().detail);
  }
  self->delayed_send(self, tick_interval, atom::tick::value);
}

committer_self::behavior_type committer(committer_self::stateful_pointer<committer_state> self,
                                        std::shared_ptr<storage::store> store, group_limits limits) {
  outlive_stray_errors(self);
  self->state.self = self;
  self->state.limits = limits;
  self->state.store = std::move(store);
  self->delayed_send(self, tick_interval, atom::tick::value);
  // Who waits for what was taken, maybe in a thread of his own, waits no longer than that.
  self->set_exit_handler([self](const caf::exit_msg& asked) {
    self->state.flush();
    self->quit(asked.reason);
  });
  return {
      [self](const commit_batch& what) { return self->state.add(what); },
      [self](const revoke_lease& what) { return self->state.revoke(what); },
      [self](atom::flush) { self->state.flush(); },
      [self](atom::tick) { self->state.tick(); },
  };
}

} // namespace stagepost::committer
