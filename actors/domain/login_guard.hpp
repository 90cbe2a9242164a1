#pragma once

#include "conf/settings.hpp"
#include "protocols/base/units.hpp"

#include <chrono>
#include <list>
#include <string>
#include <unordered_map>

namespace stagepost::domain {

/// Counts failed logins per address, per network (/64 of IPv6, /24 of IPv4) and per account, and says when
/// enough is enough. A try under way counts as if it were to fail, so that many at once are no way around the
/// limits. Bounded: the entry longest untouched makes room.
class login_guard {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `later`: when tries under way have ended, of which there is at least one.
  enum class answer : uint8_t { yes, later, no };

  /// Whether this one may try now.
  answer may_try(const conf::password_settings& limits, const std::string& peer, account_id account,
                 time_point now);
  /// A try is under way until `ended` is called with the same names.
  void began(const conf::password_settings& limits, const std::string& peer, account_id account,
             time_point now);
  void ended(const std::string& peer, account_id account);
  void failed(const conf::password_settings& limits, const std::string& peer, account_id account,
              time_point now);
  /// A right password clears the account's own count, not that of the address: one good account must not buy
  /// guesses.
  void succeeded(account_id account);

private:
  struct entry {
    std::string key;
    uint32_t failures = 0;
    uint32_t under_way = 0;
    time_point since;
  };
  void drop_if_idle(std::list<entry>::iterator which);
  entry* touch(const std::string& key, std::chrono::minutes window, time_point now, bool make);

  std::list<entry> entries_; ///< most lately touched first
  std::unordered_map<std::string, std::list<entry>::iterator> by_key_;
};

} // namespace stagepost::domain
