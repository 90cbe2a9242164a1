#pragma once

#include "protocols/base/bytes.hpp"

namespace stagepost::sasl {

/// Octets of what CRAM-MD5 needs of a password: the inner and the outer MD5 state, each 16 octets
/// little-endian.
inline constexpr size_t cram_md5_state_size = 32;

/// The MD5 states after the padded password (RFC 2104 2 and 4: "intermediate results" that may be kept
/// instead of the key): inner, then outer. As good as the password for CRAM-MD5, but not the password.
bytes make_cram_md5_state(bytes_view password);

/// HMAC-MD5 of `text` from such states, in 32 lower-case hex digits as RFC 2195 2 sends it. `state` has
/// cram_md5_state_size octets.
std::string finish_cram_md5(bytes_view state, bytes_view text);

} // namespace stagepost::sasl
