#include "actors/domain/login_guard.hpp"

#include "conf/network.hpp"

namespace stagepost::domain {

namespace {

constexpr size_t most_entries = 200000;

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
  entries_.push_front({key, 0, now});
  by_key_[key] = entries_.begin();
  if (entries_.size() > most_entries) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  return &entries_.front();
}

bool login_guard::may_try(const conf::password_settings& limits, const std::string& peer, account_id account,
                          time_point now) {
  const auto below = [&](const std::string& key, uint32_t limit) {
    const auto* counted = touch(key, limits.failed_login_window, now, false);
    return limit == 0 || counted == nullptr || counted->failures < limit;
  };
  return below("address " + peer, limits.max_failed_logins_per_address) &&
         below(network_key(peer), limits.max_failed_logins_per_network) &&
         (!account || below(account_key(account), limits.max_failed_logins_per_account));
}

void login_guard::failed(const conf::password_settings& limits, const std::string& peer, account_id account,
                         time_point now) {
  ++touch("address " + peer, limits.failed_login_window, now, true)->failures;
  ++touch(network_key(peer), limits.failed_login_window, now, true)->failures;
  if (account) ++touch(account_key(account), limits.failed_login_window, now, true)->failures;
}

void login_guard::succeeded(account_id account) {
  const auto known = by_key_.find(account_key(account));
  if (known == by_key_.end()) return;
  entries_.erase(known->second);
  by_key_.erase(known);
}

} // namespace stagepost::domain
