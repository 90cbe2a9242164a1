#pragma once

#include "storage/batch.hpp"
#include "storage/store.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace stagepost::storage {

/// On disk: never renumber.
enum class signing_algorithm : uint8_t { rsa = 1, ed25519 = 2 };
enum class signing_state : uint8_t {
  prepared = 1, ///< made, so that its record can be published before it signs
  signing = 2,
  retired = 3, ///< signs no more; its record stays published while mail it signed is under way
};

/// A key that mail of a domain is signed with (RFC 6376). The table `signing_keys` of the system store; the
/// directory writes it.
struct signing_key_record {
  domain_id domain;
  std::string selector; ///< as it was made
  signing_algorithm algorithm = signing_algorithm::rsa;
  signing_state state = signing_state::prepared;
  instant made_at;
  bytes public_octets; ///< as p= of the key record has them, before base64
  bytes sealed;        ///< the private half as PEM, sealed under `secret_name`
};

/// The name that a private half is sealed under: it opens as the key of this domain and selector only.
std::string secret_name(const signing_key_record& key);

bytes encode(const signing_key_record&);
result<signing_key_record> decode_signing_key(domain_id domain, std::string selector, bytes_view value);

/// Keys of one domain are few; who makes one asks how many there are.
inline constexpr size_t most_signing_keys = 32;

void put_signing_key(batch& b, const signing_key_record& key);
void delete_signing_key(batch& b, const signing_key_record& key);
/// All keys of a domain that is deleted.
void delete_signing_keys(batch& b, domain_id domain);
/// Of one domain, in order of selector.
result<std::vector<signing_key_record>> read_signing_keys(const store&, domain_id domain, reach);

} // namespace stagepost::storage
