#pragma once

#include "actors/mailbox/interface.hpp"
#include "actors/shard_services.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <unordered_map>

namespace stagepost::mailbox {

/// When accounts are put to sleep.
struct accounts_limits {
  size_t most_alive = 20000;
  std::chrono::seconds idle{300};
};

/// Starts the actors of a shard's accounts when they are needed and ends those nobody needs.
using accounts_self = accounts_actor::extend<caf::reacts_to<atom::tick>>;

struct accounts_state {
  static constexpr const char* name = "mailbox.accounts";
  accounts_self::pointer self = nullptr;
  services with;
  accounts_limits limits;

  struct entry {
    account_actor actor;
    std::chrono::steady_clock::time_point used_at;
    /// It was asked to end: what is for it waits, since two actors of one account must never live at a time.
    bool ending = false;
    std::deque<std::function<void(const account_actor&)>> waiting;
  };
  std::unordered_map<account_id, entry> alive;

  /// Calls `use` with the account's actor, started if need be.
  void reach(account_id id, uint64_t quota_bytes, std::function<void(const account_actor&)> use);
  void start(account_id id, uint64_t quota_bytes, entry& into);
  void ask_to_end(account_id id);
  void tick();
};

accounts_self::behavior_type accounts(accounts_self::stateful_pointer<accounts_state> self, services with,
                                      accounts_limits limits);

} // namespace stagepost::mailbox

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::accounts_limits)
