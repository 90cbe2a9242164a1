#include "actors/domain/credentials.hpp"

#include "actors/wall_clock.hpp"
#include "protocols/sasl/keys.hpp"
#include "protocols/sasl/prepare.hpp"
#include "storage/passwords.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <chrono>

namespace stagepost::domain {

namespace {

/// RFC 5321 knows no limit; a password longer than this is an attack on the hash.
constexpr size_t longest_password = 1024;

bytes random_octets(size_t count) {
  bytes out(count, '\0');
  randombytes_buf(out.data(), out.size());
  return out;
}

} // namespace

std::string fault_of_password(const std::string& password) {
  if (password.empty() || password.size() > longest_password)
    return fmt::format("A password has 1 to {} octets.", longest_password);
  const auto prepared = sasl::prepare(password);
  if (!prepared || prepared->empty()) return "The password has characters that not every client can send.";
  return {};
}

storage::credential_record make_credentials(const std::string& typed, const conf::password_settings& policy) {
  const auto password =
      sasl::prepare(typed).value_or(typed); // RFC 5802 2.2: in the form in which clients hash it
  storage::credential_record made;
  made.changed_at = wall_clock();
  storage::password_record main;
  if (auto hash = storage::hash_password(password, {policy.argon2id_passes, policy.argon2id_memory.bytes}))
    main.argon2id = std::move(*hash);
  made.scram_sha_256_salt = random_octets(sasl::scram_salt_size);
  made.scram_sha_256_iterations = policy.scram_iterations;
  const auto keys = sasl::make_scram_keys(password, made.scram_sha_256_salt, policy.scram_iterations,
                                          sasl::scram_hash::sha_256);
  main.scram_sha_256_stored = keys.stored_key;
  main.scram_sha_256_server = keys.server_key;
  if (policy.store_scram_sha1) {
    made.scram_sha_1_salt = random_octets(sasl::scram_salt_size);
    made.scram_sha_1_iterations = policy.scram_iterations;
    const auto old_keys = sasl::make_scram_keys(password, made.scram_sha_1_salt, policy.scram_iterations,
                                                sasl::scram_hash::sha_1);
    main.scram_sha_1_stored = old_keys.stored_key;
    main.scram_sha_1_server = old_keys.server_key;
  }
  if (policy.store_cram_md5) main.cram_md5 = sasl::make_cram_md5_state(password);
  made.passwords.push_back(std::move(main));
  return made;
}

} // namespace stagepost::domain
