#pragma once

#include "actors/atoms.hpp"
#include "actors/committer/interface.hpp"
#include "actors/mailbox/interface.hpp"
#include "actors/offload/interface.hpp"
#include "storage/store.hpp"

#include <deque>
#include <memory>
#include <string>

namespace stagepost::mailbox {

using eraser_self = eraser_actor::extend<caf::reacts_to<atom::tick>>;

/// One per shard. A deleted folder is noted in the store until it is empty, so the list in memory may be
/// short: what does not fit is found there again.
struct eraser_state {
  static constexpr const char* name = "mailbox.eraser";
  eraser_self::pointer self = nullptr;
  std::shared_ptr<storage::store> store;
  committer::committer_actor committer;
  offload::pool_actor readers;
  std::deque<mailbox_id> doomed;
  bool busy = false;

  void add(mailbox_id folder);
  void step();
  void take_some();
  void give_up(const std::string& why);
  void look();
};

eraser_self::behavior_type eraser(eraser_self::stateful_pointer<eraser_state> self,
                                  std::shared_ptr<storage::store> store, committer::committer_actor committer,
                                  offload::pool_actor readers);

} // namespace stagepost::mailbox
