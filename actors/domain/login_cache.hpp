#pragma once

#include "protocols/base/bytes.hpp"
#include "protocols/base/units.hpp"

#include <chrono>
#include <list>
#include <string>
#include <unordered_map>

namespace stagepost::domain {

/// Logins verified lately, so that clients that poll cost no hash. Passwords are kept as hashes under a key
/// of this process. Bounded: the oldest makes room.
class login_cache {
public:
  using time_point = std::chrono::steady_clock::time_point;

  login_cache();

  /// Whether this was the account's password no longer ago than `kept_for`.
  bool knows(account_id account, const std::string& password, std::chrono::seconds kept_for, time_point now);
  void remember(account_id account, const std::string& password, time_point now);
  /// Of one account, or of all when it is zero.
  void forget(account_id account);

private:
  struct verified {
    std::string key;
    account_id account;
    time_point proved_at;
  };
  std::string key_of(account_id account, const std::string& password) const;

  bytes secret_;
  std::list<verified> entries_; ///< newest first
  std::unordered_map<std::string, std::list<verified>::iterator> by_key_;
};

} // namespace stagepost::domain
