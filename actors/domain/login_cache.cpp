#include "actors/domain/login_cache.hpp"

#include <sodium.h>

namespace stagepost::domain {

namespace {

constexpr size_t most_remembered = 100000;

} // namespace

login_cache::login_cache() : secret_(crypto_generichash_KEYBYTES, '\0') {
  randombytes_buf(secret_.data(), secret_.size());
}

bool login_cache::knows(account_id account, const std::string& password, std::chrono::seconds kept_for,
                        time_point now) {
  const auto known = by_key_.find(key_of(account, password));
  if (known == by_key_.end()) return false;
  if (known->second->proved_at + kept_for > now) return true;
  entries_.erase(known->second);
  by_key_.erase(known);
  return false;
}

void login_cache::remember(account_id account, const std::string& password, time_point now) {
  auto key = key_of(account, password);
  if (by_key_.count(key) != 0) return;
  entries_.push_front({key, account, now});
  by_key_[std::move(key)] = entries_.begin();
  if (entries_.size() <= most_remembered) return;
  by_key_.erase(entries_.back().key);
  entries_.pop_back();
}

void login_cache::forget(account_id account) {
  for (auto i = entries_.begin(); i != entries_.end();) {
    if (account && i->account != account) {
      ++i;
      continue;
    }
    by_key_.erase(i->key);
    i = entries_.erase(i);
  }
}

std::string login_cache::key_of(account_id account, const std::string& password) const {
  bytes input;
  append_big_endian(input, account.value);
  input += password;
  unsigned char out[crypto_generichash_BYTES];
  crypto_generichash(out, sizeof out, reinterpret_cast<const unsigned char*>(input.data()), input.size(),
                     reinterpret_cast<const unsigned char*>(secret_.data()), secret_.size());
  sodium_memzero(input.data(), input.size());
  return std::string(reinterpret_cast<const char*>(out), sizeof out);
}

} // namespace stagepost::domain
