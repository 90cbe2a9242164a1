#pragma once

#include "actors/mailbox/interface.hpp"
#include "actors/open_answer.hpp"
#include "actors/shard_services.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

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
    std::shared_ptr<committer::lease> lease; ///< under which it writes, with its folders
    std::chrono::steady_clock::time_point used_at;
    /// It was asked to end, or has ended and some of what it handed in may still be on its way to the disk.
    /// What is for it waits: the next actor of the account must find all that this one will ever have
    /// written.
    bool ending = false;
    std::deque<std::function<void()>> waiting;
  };
  std::unordered_map<account_id, entry> alive;

  /// Calls `use` with the account's actor, started if need be.
  void reach(account_id id, uint64_t quota_bytes, std::function<void(const account_actor&)> use,
             bool is_public = false);
  void start(account_id id, uint64_t quota_bytes, entry& into, bool is_public);
  void ask_to_end(account_id id);
  /// Takes the lease of an account that ends back, then `then`; with false when the committer is gone.
  void revoke(account_id id, std::function<void(bool)> then);
  /// The account has ended, in order or not.
  void retire(account_id id);
  /// The account is no more; who waited for that goes on.
  void ended(account_id id);
  void tick();

  void deliver(const deliver_message& what, open_answer<inserted> answer);
  /// `actor` ended before it answered; `then` runs when it is certain what of it is on disk.
  void when_certain(account_id id, const account_actor& actor, std::function<void()> then);
  /// Has all folders of the shard that name a user name him no more.
  void forget(const forget_grantee& what, open_answer<outcome_answer> answer);
  void forget_in(std::shared_ptr<std::vector<account_id>> owners, account_id grantee,
                 open_answer<outcome_answer> answer);
  void erase(account_id id, open_answer<outcome_answer> answer);
  void erase_folders(account_id id, const std::vector<storage::folder_record>& folders,
                     std::function<void(outcome)> then);
};

accounts_self::behavior_type accounts(accounts_self::stateful_pointer<accounts_state> self, services with,
                                      accounts_limits limits);

} // namespace stagepost::mailbox

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::mailbox::accounts_limits)
