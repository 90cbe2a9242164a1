#pragma once

#include "actors/domain/interface.hpp"
#include "actors/domain/login_cache.hpp"
#include "actors/domain/login_guard.hpp"
#include "actors/domain/stores.hpp"
#include "actors/offload/interface.hpp"
#include "actors/open_answer.hpp"

#include <functional>
#include <list>
#include <optional>
#include <unordered_map>

namespace stagepost::domain {

/// A thing to be done when its time has come.
struct do_later {
  std::function<void()> what;
};

using login_self = login_actor::extend<caf::reacts_to<do_later>>;

/// Proves who somebody is. Passwords are hashed in a bounded pool; what was verified lately is remembered as
/// a keyed hash; failures are counted and slowed down.
struct login_state {
  static constexpr const char* name = "domain.login";
  login_self::pointer self = nullptr;
  stores from;
  offload::pool_actor hashing;
  bytes guise_secret; ///< makes the keys of users who do not exist
  login_guard guard;
  login_cache cache;

  /// A login for which so many are under way that it must not be tried now.
  struct waiting_login {
    std::string peer;
    account_id account;
    std::function<void()> again;
  };
  std::list<waiting_login> waiting; ///< in order of arrival
  std::unordered_map<std::string, size_t> waiting_by_peer;

  /// How often something was forgotten: what was being verified meanwhile was held against what counts no
  /// more.
  uint64_t forgotten = 0;

  /// Somebody who may exist.
  struct candidate {
    storage::account_record account;
    storage::domain_record domain;
    storage::credential_record credentials;
    conf::user_settings user;
    conf::domain_settings domain_settings;
  };

  caf::result<login_answer> check(const login& what);
  caf::result<sasl::credentials> find(const sasl::find_credentials& what);
  caf::result<login_answer> finish(const finish_login& what);
  void forget(account_id account);

  /// Nothing when there is none; `unreadable` is set when the store failed.
  std::optional<candidate> look_up(const std::string& user, bool& unreadable) const;
  std::optional<candidate> look_up_exactly(const std::string& user, bool& unreadable) const;
  void try_login(const login& what, open_answer<login_answer> answer);
  void finish_proof(const finish_login& what, open_answer<login_answer> answer);
  /// Whether the guard lets this one try now. If not it is answered, or waits and calls `again` when its time
  /// has come.
  bool has_turn(const std::string& peer, account_id account, open_answer<login_answer> answer,
                std::function<void()> again);
  void end_try(const std::string& peer, account_id account);
  void go_on();
  login_answer admit(const candidate& who, domain::service service) const;
  /// Proven: what he is admitted to is counted and answered.
  void welcome(const candidate& who, domain::service service, const open_answer<login_answer>& answer) const;
  void refuse(const std::string& peer, const std::optional<candidate>& who, open_answer<login_answer> answer);
  void count(domain_id domain, bool accepted) const;
};

login_self::behavior_type login_desk(login_self::stateful_pointer<login_state> self, stores from,
                                     offload::pool_actor hashing, std::string guise_secret);

} // namespace stagepost::domain

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(stagepost::domain::do_later)
