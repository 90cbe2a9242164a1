#pragma once

#include "actors/atoms.hpp"
#include "actors/committer/interface.hpp"
#include "actors/mailbox/interface.hpp"
#include "actors/offload/interface.hpp"
#include "storage/batch.hpp"
#include "storage/store.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace stagepost::mailbox {

using eraser_self = eraser_actor::extend<caf::reacts_to<atom::tick>>;

/// One per shard. A deleted folder is noted in the store until it is empty, and an erased account until
/// nothing is kept of it, so the lists in memory may be short: what does not fit is found there again.
struct eraser_state {
  static constexpr const char* name = "mailbox.eraser";
  eraser_self::pointer self = nullptr;
  std::shared_ptr<storage::store> store;
  committer::committer_actor committer;
  offload::pool_actor readers;
  std::deque<mailbox_id> doomed;
  std::deque<account_id> forgotten;
  bool busy = false;

  void add(mailbox_id folder);
  void add(account_id account);
  void step();
  void take_some();
  /// Takes `some` of the first of a list, which leaves the list when nothing is left of it.
  template <class Id>
  void take(std::deque<Id>& list, std::function<storage::result<bool>(storage::batch&)> some);
  template <class Id>
  void give_up(std::deque<Id>& list, const std::string& why);
  void look();
};

eraser_self::behavior_type eraser(eraser_self::stateful_pointer<eraser_state> self,
                                  std::shared_ptr<storage::store> store, committer::committer_actor committer,
                                  offload::pool_actor readers);

} // namespace stagepost::mailbox
