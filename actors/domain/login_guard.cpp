#include "actors/domain/login_guard.hpp"

#include "conf/network.hpp"

#include <algorithm>
#include <limits>

namespace stagepost::domain {

namespace {

constexpr size_t most_guarded = 200000;
/// Tries of one address that are under way at a time, whatever the limits: the rest must not wait behind
/// them.
constexpr uint32_t most_under_way = 50;

std::string address_key(const std::string& peer) { return "address " + peer; }

std::string account_key(account_id account) { return "account " + std::to_string(account.value); }

std::string network_key(const std::string& peer) {
  const auto ip = conf::parse_ip(peer);
  if (!ip) return "network " + peer;
  const size_t kept = conf::is_ipv4(*ip) ? 15 : 8; // a provider gives its customer a /64
  return "network " + std::string(ip->begin(), ip->begin() + kept);
}

} // namespace

login_guard::entry* login_guard::touch(const std::string& key, std::chrono::minutes window, time_point now,
                                       bool make) {
  const auto known = by_key_.find(key);
  if (known != by_key_.end()) {
    entries_.splice(entries_.begin(), entries_, known->second);
    auto& found = *known->second;
    if (now - found.since > window) {
      found.failures = 0;
      found.since = now;
    }
    return &found;
  }
  if (!make) return nullptr;
  entries_.push_front({key, 0, 0, now});
  by_key_[key] = entries_.begin();
  if (entries_.size() > most_guarded) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  return &entries_.front();
}

void login_guard::drop_if_idle(std::list<entry>::iterator which) {
  if (which->failures != 0 || which->under_way != 0) return;
  by_key_.erase(which->key);
  entries_.erase(which);
}

login_guard::answer login_guard::may_try(const conf::password_settings& limits, const std::string& peer,
                                         account_id account, time_point now) {
  const auto look = [&](const std::string& key, uint32_t limit, uint32_t most_at_once) {
    const auto* counted = touch(key, limits.failed_login_window, now, false);
    if (counted == nullptr) return answer::yes;
    if (limit != 0 && counted->failures >= limit) return answer::no;
    const bool full = limit != 0 && counted->failures + counted->under_way >= limit;
    return full || counted->under_way >= most_at_once ? answer::later : answer::yes;
  };
  constexpr auto any = std::numeric_limits<uint32_t>::max();
  return std::max(
      {look(address_key(peer), limits.max_failed_logins_per_address, most_under_way),
       look(network_key(peer), limits.max_failed_logins_per_network, any),
       account ? look(account_key(account), limits.max_failed_logins_per_account, any) : answer::yes});
}

void login_guard::began(const conf::password_settings& limits, const std::string& peer, account_id account,
                        time_point now) {
  ++touch(address_key(peer), limits.failed_login_window, now, true)->under_way;
  ++touch(network_key(peer), limits.failed_login_window, now, true)->under_way;
  if (account) ++touch(account_key(account), limits.failed_login_window, now, true)->under_way;
}

void login_guard::ended(const std::string& peer, account_id account) {
  const auto end = [&](const std::string& key) {
    const auto known = by_key_.find(key);
    if (known == by_key_.end() || known->second->under_way == 0) return; // it had to make room
    --known->second->under_way;
    drop_if_idle(known->second);
  };
  end(address_key(peer));
  end(network_key(peer));
  if (account) end(account_key(account));
}

void login_guard::failed(const conf::password_settings& limits, const std::string& peer, account_id account,
                         time_point now) {
  ++touch(address_key(peer), limits.failed_login_window, now, true)->failures;
  ++touch(network_key(peer), limits.failed_login_window, now, true)->failures;
  if (account) ++touch(account_key(account), limits.failed_login_window, now, true)->failures;
}

void login_guard::succeeded(account_id account) {
  const auto known = by_key_.find(account_key(account));
  if (known == by_key_.end()) return;
  known->second->failures = 0;
  drop_if_idle(known->second);
}

} // namespace stagepost::domain
