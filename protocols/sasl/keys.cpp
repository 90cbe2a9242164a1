#include "protocols/sasl/keys.hpp"

namespace stagepost::sasl {

scram_hash hash_of(mechanism which) {
  return which == mechanism::scram_sha_1 || which == mechanism::scram_sha_1_plus ? scram_hash::sha_1
                                                                                 : scram_hash::sha_256;
}

scram_keys make_scram_keys(bytes_view password, bytes_view salt, uint32_t iterations, scram_hash hash) {
  const auto salted = stretch(hash, password, salt, iterations);
  return {.salt = bytes(salt),
          .iterations = iterations,
          .stored_key = digest(hash, hmac(hash, salted, "Client Key")),
          .server_key = hmac(hash, salted, "Server Key")};
}

scram_keys fake_scram_keys(std::string_view user, bytes_view secret, uint32_t iterations, scram_hash hash) {
  const auto derive = [&](std::string purpose) {
    return hmac(hash, secret, std::move(purpose) + '\0' + bytes(user));
  };
  return {.salt = derive("salt").substr(0, scram_salt_size),
          .iterations = iterations,
          .stored_key = derive("stored key"),
          .server_key = derive("server key")};
}

bytes fake_cram_md5_state(std::string_view user, bytes_view secret) {
  return hmac(scram_hash::sha_256, secret, bytes("cram-md5") + '\0' + bytes(user));
}

} // namespace stagepost::sasl
