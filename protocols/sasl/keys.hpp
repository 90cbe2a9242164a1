#pragma once

#include "protocols/sasl/exchange.hpp"
#include "protocols/sasl/hash.hpp"
#include "protocols/sasl/md5_state.hpp"

namespace stagepost::sasl {

/// Octets of salt that a user's keys should have, and that made-up keys do have.
inline constexpr size_t scram_salt_size = 16;

/// The hash of a SCRAM mechanism; meaningless for others.
scram_hash hash_of(mechanism which);

/// What to keep of a password for SCRAM (RFC 5802 3). Takes as long as `iterations` ask for (RFC 7677 4: 4096
/// at least): not for a thread that serves others.
scram_keys make_scram_keys(bytes_view password, bytes_view salt, uint32_t iterations, scram_hash hash);

/// Keys for a user who does not exist: no password fits them, and the same user gets the same salt every time
/// as a real one does. `secret` is the server's own and must outlast restarts; `iterations` those of real
/// users.
scram_keys fake_scram_keys(std::string_view user, bytes_view secret, uint32_t iterations,
                           scram_hash hash = scram_hash::sha_256);

/// The same for CRAM-MD5.
bytes fake_cram_md5_state(std::string_view user, bytes_view secret);

} // namespace stagepost::sasl
