#include "storage/passwords.hpp"

#include <sodium.h>

#include <array>

namespace stagepost::storage {

namespace {

/// Longer ones are not hashes of ours.
bool fits(std::string_view hash) { return !hash.empty() && hash.size() < crypto_pwhash_STRBYTES; }

} // namespace

result<std::string> hash_password(std::string_view password, const password_cost& cost) {
  if (sodium_init() < 0) return failure<errc>{errc::io_error, "libsodium has no source of randomness"};
  std::array<char, crypto_pwhash_STRBYTES> out{};
  const int made = crypto_pwhash_str_alg(out.data(), password.data(), password.size(), cost.passes,
                                         cost.memory_bytes, crypto_pwhash_ALG_ARGON2ID13);
  if (made != 0)
    return failure<errc>{errc::io_error, "no memory to hash a password, or its costs are out of range"};
  return std::string(out.data());
}

bool verify_password(std::string_view hash, std::string_view password) {
  if (sodium_init() < 0 || !fits(hash)) return false;
  return crypto_pwhash_str_verify(std::string(hash).c_str(), password.data(), password.size()) == 0;
}

bool needs_rehash(std::string_view hash, const password_cost& cost) {
  if (sodium_init() < 0 || !fits(hash)) return true;
  return crypto_pwhash_str_needs_rehash(std::string(hash).c_str(), cost.passes, cost.memory_bytes) != 0;
}

} // namespace stagepost::storage
