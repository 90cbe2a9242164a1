#pragma once

#include "storage/errc.hpp"

#include <string>
#include <string_view>

namespace stagepost::storage {

/// What a guess costs an attacker, and a login us. The defaults: RFC 9106 4 for memory-constrained servers,
/// rounded.
struct password_cost {
  uint64_t passes = 3;
  size_t memory_bytes = 64u << 20;
};

// Both take tens of milliseconds and `memory_bytes`: call them on threads made for it, never on one that
// serves others.

/// The Argon2id hash of a password as a PHC string, with a fresh salt. errc::io_error when there is no
/// memory.
result<std::string> hash_password(std::string_view password, const password_cost& cost);

/// Whether the password is the one that was hashed. Costs what the hash says, not what the settings say now.
bool verify_password(std::string_view hash, std::string_view password);

/// The hash was made with other costs than these: make it anew at the next login.
bool needs_rehash(std::string_view hash, const password_cost& cost);

} // namespace stagepost::storage
